"""Stands before CPU and GPU runtimes of the same models and sends each request to one of them.

Speaks the Open Inference Protocol v2 over REST and gRPC and reads of a request only what the decision needs. Shares its
HTTP layer, TLS and logs with the ONNX Runtime server; neither ONNX Runtime nor NumPy is imported.
"""

from __future__ import annotations

from onnxruntime_server import __version__

__all__ = ["__version__"]
