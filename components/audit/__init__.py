"""The record of who did what, kept where nobody can change it."""
