"""The session that every peer calls: the file and the name come from the environment."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

NAME = os.environ["MODEL_NAME"]
HTTP_PORT, GRPC_PORT, METRICS_PORT = (int(os.environ[name]) for name in ("HTTP_PORT", "GRPC_PORT", "METRICS_PORT"))
MOST_ROWS = 32
DATATYPES = {"FP32": np.float32, "INT64": np.int64}
NAMES = {"float32": "FP32", "int64": "INT64"}


class OnnxModel:
    """A session with one thread, as the server under test has on its one core."""

    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"])
        self.outputs = [each.name for each in self.session.get_outputs()]

    def run(self, inputs: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Every output by name."""
        return dict(zip(self.outputs, self.session.run(None, inputs), strict=True))
