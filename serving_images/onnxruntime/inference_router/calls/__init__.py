"""gRPC through the router: calls to a runtime and their answers back, message for message, unread."""
