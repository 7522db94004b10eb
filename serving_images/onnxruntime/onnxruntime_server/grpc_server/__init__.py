"""The protocol over gRPC, on grpcio's server of threads. Nothing here is imported where gRPC is not served."""
