"""A tabular model: which of three species an iris belongs to."""
