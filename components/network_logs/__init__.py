"""Who spoke to whom in a network, and a private way for logs to leave it."""
