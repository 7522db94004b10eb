"""Mutants of resources and of code, and whether the examples of the controls notice them."""
