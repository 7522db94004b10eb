"""Answers as messages. Tensors are always raw bytes, as Triton sends them."""

from __future__ import annotations

from onnxruntime_server.protocol import tensors
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as messages
from onnxruntime_server.protocol.grpc.wire import with_raw_outputs
from onnxruntime_server.protocol.messages import InferResponse, ModelMetadata

_OutputTensor = messages.ModelInferResponse.InferOutputTensor


def encode_response(response: InferResponse) -> bytes:
    """The ModelInferResponse of an answer."""
    message = messages.ModelInferResponse(
        model_name=response.model_name,
        model_version=response.model_version,
        id=response.id or "",
        outputs=[
            _OutputTensor(name=tensor.name, datatype=tensor.datatype, shape=tensor.array.shape)
            for tensor in response.outputs
        ],
    )
    raw = [tensors.to_bytes(tensor.datatype, tensor.array) for tensor in response.outputs]
    return with_raw_outputs(message.SerializeToString(), raw)


def metadata(model: ModelMetadata) -> messages.ModelMetadataResponse:
    """What a client is told about a model."""
    tensor = messages.ModelMetadataResponse.TensorMetadata
    return messages.ModelMetadataResponse(
        name=model.name,
        versions=model.versions,
        platform=model.platform,
        inputs=[tensor(name=spec.name, datatype=spec.datatype, shape=spec.shape) for spec in model.inputs],
        outputs=[tensor(name=spec.name, datatype=spec.datatype, shape=spec.shape) for spec in model.outputs],
    )
