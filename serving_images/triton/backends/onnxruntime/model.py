"""What Triton's Python backend looks for in the folder of a backend: so models need no code of their own."""

from __future__ import annotations

import sys
from pathlib import Path

# Triton starts Python without its environment: packages are looked for where this backend was installed.
sys.path.insert(0, str(Path(__file__).resolve().parents[4]))

from onnxruntime_backend.model import OnnxModel as TritonPythonModel

__all__ = ["TritonPythonModel"]
