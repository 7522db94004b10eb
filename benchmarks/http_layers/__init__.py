"""Ways to serve HTTP from Python, side by side on one small model. What came of it: docs/adr/0011."""
