"""Models to try the platform with, and requests to send them."""
