"""Builders for the examples of controls, by what they build."""
