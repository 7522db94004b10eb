"""Open Inference Protocol v2: its types, and how they are read from and written to bytes.

Pure: no ONNX Runtime, no HTTP. Source: https://github.com/kserve/open-inference-protocol
"""
