"""The REST side: an ASGI application, the bounds around each connection and the server's life from start to drain."""
