"""Inference requests out of their messages. What does not fit is refused with the sentences of the REST side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from google.protobuf.message import DecodeError, Message

from onnxruntime_server.errors import InvalidArgumentError
from onnxruntime_server.protocol import checks, tensors
from onnxruntime_server.protocol.datatypes import NUMPY, Datatype
from onnxruntime_server.protocol.grpc.grpc_predict_v2_pb2 import InferParameter, InferTensorContents, ModelInferRequest
from onnxruntime_server.protocol.messages import Array, InferRequest, Limits, RequestedOutput, Tensor

AnyMessage = TypeVar("AnyMessage", bound=Message)

CONTENTS: Final = {
    Datatype.BOOL: "bool_contents",
    Datatype.INT8: "int_contents",
    Datatype.INT16: "int_contents",
    Datatype.INT32: "int_contents",
    Datatype.INT64: "int64_contents",
    Datatype.UINT8: "uint_contents",
    Datatype.UINT16: "uint_contents",
    Datatype.UINT32: "uint_contents",
    Datatype.UINT64: "uint64_contents",
    Datatype.FP32: "fp32_contents",
    Datatype.FP64: "fp64_contents",
    Datatype.BYTES: "bytes_contents",
}
"""The field that holds the values of a datatype; the others travel as raw bytes only."""

_WIDE: Final = {"int_contents": np.dtype("<i4"), "uint_contents": np.dtype("<u4")}
"""What the values of fields are that several datatypes share."""

_Input = ModelInferRequest.InferInputTensor


def parse(kind: type[AnyMessage], data: bytes) -> AnyMessage:
    """The message that ``data`` holds. Refuses what is not one."""
    try:
        return kind.FromString(data)
    except DecodeError:
        raise InvalidArgumentError(f"the message is not a {kind.DESCRIPTOR.name}") from None


def decode_request(message: ModelInferRequest, raw: Sequence[memoryview], limits: Limits) -> InferRequest:
    """The request of a message whose raw tensors were taken out.

    Refuses what is malformed, over a limit or asks for an extension this server has not, naming the tensor. Raw
    tensors stay views of the message where they are aligned.
    """
    room = checks.Room(len(message.inputs), limits)
    if raw:
        _check_raw(message.inputs, raw)
    checks.check_parameters("request", message.parameters)
    priority, timeout_seconds = checks.urgency(_values(message.parameters, "priority", "timeout"))
    return InferRequest(
        id=message.id or None,
        inputs=tuple([_input(each, room, raw[index] if raw else None) for index, each in enumerate(message.inputs)]),
        outputs=tuple([_output(each) for each in message.outputs]),
        binary_output=True,
        priority=priority,
        timeout_seconds=timeout_seconds,
    )


def _check_raw(inputs: Sequence[_Input], raw: Sequence[memoryview]) -> None:
    """The protocol has raw contents for every input or for none."""
    for each in inputs:
        if each.HasField("contents"):
            name = checks.name_of("input", each.name)
            raise InvalidArgumentError(f"input '{name}': has 'contents' beside the request's 'raw_input_contents'")
    if len(raw) != len(inputs):
        raise InvalidArgumentError(
            f"expected raw_input_contents for each of the {len(inputs)} inputs, got {len(raw)} of them"
        )


def _values(parameters: Mapping[str, InferParameter], *names: str) -> dict[str, Any]:
    """What the parameters of these names are set to; nothing for one that is not given."""
    found = {}
    for name in names:
        if name in parameters:
            choice = parameters[name].WhichOneof("parameter_choice")
            found[name] = None if choice is None else getattr(parameters[name], choice)
    return found


def _input(entry: _Input, room: checks.Room, raw: memoryview | None) -> Tensor:
    name = checks.name_of("input", entry.name)
    where = f"input '{name}'"
    shape = checks.shape_of(where, entry.shape)
    room.take(where, shape)
    datatype = checks.datatype_of(where, entry.datatype)
    if entry.parameters:
        checks.check_parameters(where, entry.parameters)
    if raw is not None:
        return Tensor(name, datatype, tensors.from_bytes(where, datatype, shape, raw))
    return Tensor(name, datatype, _from_contents(where, datatype, shape, entry.contents))


def _output(entry: ModelInferRequest.InferRequestedOutputTensor) -> RequestedOutput:
    name = checks.name_of("output", entry.name)
    if entry.parameters:
        checks.check_parameters(f"output '{name}'", entry.parameters)
    return RequestedOutput(name, binary=True)


def _from_contents(where: str, datatype: Datatype, shape: tuple[int, ...], contents: InferTensorContents) -> Array:
    """The array that typed contents hold.

    Refuses other fields than the datatype's, another number of values and values out of range.
    """
    expected = math.prod(shape)
    if (field := CONTENTS.get(datatype)) is None:
        raise InvalidArgumentError(f"{where}: {datatype} has no typed contents; send it in raw_input_contents")
    for descriptor, _ in contents.ListFields():
        if descriptor.name != field:
            raise InvalidArgumentError(f"{where}: expected {field} for {datatype}, got {descriptor.name}")
    values = getattr(contents, field)
    if len(values) != expected:
        raise InvalidArgumentError(f"{where}: shape {list(shape)} has {expected} elements, got {len(values)}")
    if datatype is Datatype.BYTES:
        return _texts(where, values, shape)
    wide = np.fromiter(values, _WIDE.get(field, NUMPY[datatype]), expected)
    narrow = wide.astype(NUMPY[datatype], copy=False)
    if narrow is not wide and not np.array_equal(narrow, wide):
        raise InvalidArgumentError(f"{where}: a value is out of the range of {datatype}")
    return narrow.reshape(shape)


def _texts(where: str, values: Sequence[bytes], shape: tuple[int, ...]) -> Array:
    texts = np.empty(len(values), dtype=np.object_)
    for index, value in enumerate(values):
        try:
            texts[index] = value.decode()
        except UnicodeDecodeError:
            raise InvalidArgumentError(f"{where}: string {index} is not UTF-8") from None
    return texts.reshape(shape)
