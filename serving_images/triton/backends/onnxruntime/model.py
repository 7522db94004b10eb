"""What Triton's Python backend looks for in the folder of a backend: so models need no code of their own."""

from __future__ import annotations

import os
import sys

# Triton's Python reads no PYTHONPATH: whoever starts Triton says where packages lie.
sys.path.insert(0, os.environ["TRITON_PYTHON_PACKAGES"])

from onnxruntime_backend.model import OnnxModel as TritonPythonModel

__all__ = ["TritonPythonModel"]
