"""What Triton's own backend for ONNX models does on a CPU, in Python, for the local variant."""
