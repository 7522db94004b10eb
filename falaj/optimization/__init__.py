"""Makes a model smaller or faster, and refuses what costs more accuracy than allowed."""
