"""Pulumi components, one folder per capability: what may be asked for in `spec.py`, what is made beside it."""
