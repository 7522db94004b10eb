"""The way in: Gateway API, its implementation, and the certificates it shows."""
