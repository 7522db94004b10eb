"""Models with their cards, each packed as an image."""
