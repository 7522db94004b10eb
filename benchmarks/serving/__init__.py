"""``make bench-serving``: the ONNX Runtime server beside its peers and beside ONNX Runtime alone."""
