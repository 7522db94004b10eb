"""A KServe model server with REST and gRPC."""

from __future__ import annotations

import sys
from typing import Any

from kserve import InferOutput, InferRequest, InferResponse, Model, ModelServer

from benchmarks.serving.peers import onnx_model


class Served(Model):  # type: ignore[misc]  # a peer's library, not installed here
    """KServe's custom predictor around a session."""

    def __init__(self) -> None:
        super().__init__(onnx_model.NAME)
        self._model = onnx_model.OnnxModel()
        self.ready = True

    def load(self) -> bool:
        """Nothing left to do."""
        return True

    def predict(self, payload: InferRequest, *_: Any, **__: Any) -> InferResponse:  # noqa: ANN401 - KServe's signature
        """One prediction; its outputs are binary where the caller asked for that."""
        found = self._model.run({each.name: each.as_numpy() for each in payload.inputs})
        binary = payload.from_grpc or bool(getattr(payload, "use_binary_outputs", False))
        outputs = []
        for name, array in found.items():
            output = InferOutput(name, list(array.shape), onnx_model.NAMES[array.dtype.name])
            output.set_data_from_numpy(array, binary_data=binary)
            outputs.append(output)
        return InferResponse(payload.id or "1", onnx_model.NAME, outputs)


if __name__ == "__main__":
    sys.argv += ["--configure_logging", "false"]
    ModelServer(http_port=onnx_model.HTTP_PORT, grpc_port=onnx_model.GRPC_PORT, workers=1).start([Served()])
