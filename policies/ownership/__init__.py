"""Whose something is: accounts, tenants, tags, grants and keys."""
