"""MLServer's custom runtime around a session."""

from __future__ import annotations

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

from benchmarks.serving.peers import onnx_model


class Runtime(MLModel):  # type: ignore[misc]  # a peer's library, not installed here
    """Loaded by name from model-settings.json."""

    async def load(self) -> bool:
        """Make the session."""
        self._model = onnx_model.OnnxModel()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """One prediction, or a batch that MLServer put together."""
        found = self._model.run({each.name: NumpyCodec.decode_input(each) for each in payload.inputs})
        outputs = [NumpyCodec.encode_output(name, array) for name, array in found.items()]
        return InferenceResponse(model_name=self.name, outputs=outputs)
