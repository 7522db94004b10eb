"""Where model files lie that no image carries."""
