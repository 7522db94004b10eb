"""The protocol's gRPC messages, and how requests are read from them and answers written. Pure: no gRPC, no sockets."""
