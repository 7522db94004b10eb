"""Open Inference Protocol v2 over ONNX Runtime, on CPU.

Importing this package switches ONNX Runtime's telemetry off, before ``onnxruntime`` itself can be imported.
"""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
