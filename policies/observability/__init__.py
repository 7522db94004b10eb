"""Where logs, measurements and traces go, and what keeps them."""
