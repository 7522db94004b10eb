"""The private network everything of an environment lies in."""
