"""``make soak``: mixed traffic on the ONNX Runtime server for half an hour."""
