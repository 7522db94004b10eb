"""Object storage that keeps what was written to it for a fixed time."""
