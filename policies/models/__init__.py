"""Models: who serves them, where they come from, who watches them."""
