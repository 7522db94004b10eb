"""The keys that everything at rest is encrypted with, one for each purpose."""
