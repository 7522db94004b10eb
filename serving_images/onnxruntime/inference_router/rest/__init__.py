"""REST through the router: requests to a runtime and its answers back, byte for byte."""
