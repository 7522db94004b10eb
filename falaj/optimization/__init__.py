"""Makes a model smaller or faster, and refuses what costs more accuracy than its owner allows."""

from __future__ import annotations

import os

# ONNX Runtime asks when it is imported, which the modules of this package do.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
