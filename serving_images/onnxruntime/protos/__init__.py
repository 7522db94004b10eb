"""The protocol file of gRPC and what writes its Python messages."""
