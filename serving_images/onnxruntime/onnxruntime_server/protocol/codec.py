"""REST bodies of the protocol: inference requests in, answers out, with the binary tensor extension.

With the extension, a body is JSON followed by raw tensor bytes; a header of the transport says where the JSON ends.
Source: https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from onnxruntime_server.errors import InvalidArgumentError
from onnxruntime_server.protocol import checks, flat, tensors
from onnxruntime_server.protocol.messages import InferRequest, InferResponse, Limits, RequestedOutput, Tensor

_MISSING: Final = object()


def decode_request(body: bytes, json_length: int | None, limits: Limits) -> InferRequest:
    """The request that ``body`` holds; ``json_length`` is where its JSON ends when raw tensors follow.

    Refuses what is malformed, over a limit or asks for an extension this server has not, naming the tensor.
    """
    if json_length is None and (request := flat.read(body, limits)) is not None:
        return request
    if json_length is not None and json_length > len(body):
        raise InvalidArgumentError(f"the JSON should be {json_length} bytes long, but the body has {len(body)}")
    view = memoryview(body)
    try:
        document = orjson.loads(view[:json_length])
    except orjson.JSONDecodeError as error:
        at = f"line {error.lineno} column {error.colno}"
        raise InvalidArgumentError(f"the body is not JSON: {error.msg} at {at}") from None
    if not isinstance(document, dict):
        raise InvalidArgumentError("the body must be a JSON object with the key 'inputs'")
    parameters = _parameters("request", document)
    priority, timeout_seconds = checks.urgency(parameters)
    return InferRequest(
        id=_optional(document, "id", str, "request"),
        inputs=_inputs(document, _Tail(view[len(body) if json_length is None else json_length :]), limits),
        outputs=_outputs(document, binary_default := _flag(parameters, "binary_data_output", "request")),
        binary_output=binary_default,
        priority=priority,
        timeout_seconds=timeout_seconds,
    )


class _Tail:
    """The raw bytes after the JSON, handed out in order."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def take(self, where: str, size: int) -> memoryview:
        if size > len(self._data):
            raise InvalidArgumentError(f"{where}: expected {size} bytes after the JSON, got {len(self._data)}")
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def finish(self) -> None:
        if len(self._data):
            raise InvalidArgumentError(f"{len(self._data)} bytes after the JSON belong to no input")


def _inputs(document: dict[str, Any], tail: _Tail, limits: Limits) -> tuple[Tensor, ...]:
    entries = _list_of_objects(document, "inputs")
    room = checks.Room(len(entries), limits)
    inputs: list[Tensor] = []
    for entry in entries:
        name = checks.name_of("input", entry.get("name"))
        where = f"input '{name}'"
        shape = _shape(entry, where)
        room.take(where, shape)
        inputs.append(_input(entry, name, shape, tail))
    tail.finish()
    return tuple(inputs)


def _input(entry: dict[str, Any], name: str, shape: tuple[int, ...], tail: _Tail) -> Tensor:
    where = f"input '{name}'"
    datatype = checks.datatype_of(where, entry.get("datatype"))
    size = _parameters(where, entry).get("binary_data_size")
    data = entry.get("data", _MISSING)
    if size is None:
        if data is _MISSING:
            raise InvalidArgumentError(f"{where}: 'data' is missing")
        return Tensor(name, datatype, tensors.from_json(where, datatype, shape, data))
    if data is not _MISSING:
        raise InvalidArgumentError(f"{where}: has both 'data' and 'binary_data_size'")
    if type(size) is not int or size < 0:
        raise InvalidArgumentError(f"{where}: 'binary_data_size' must be a non-negative integer")
    return Tensor(name, datatype, tensors.from_bytes(where, datatype, shape, tail.take(where, size)))


def _outputs(document: dict[str, Any], binary_default: bool) -> tuple[RequestedOutput, ...]:
    if "outputs" not in document:
        return ()
    outputs: list[RequestedOutput] = []
    for entry in _list_of_objects(document, "outputs"):
        name = checks.name_of("output", entry.get("name"))
        where = f"output '{name}'"
        outputs.append(RequestedOutput(name, _flag(_parameters(where, entry), "binary_data", where, binary_default)))
    return tuple(outputs)


def _list_of_objects(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = document.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidArgumentError(f"'{key}' must be a list of objects")
    return entries


def _shape(entry: dict[str, Any], where: str) -> tuple[int, ...]:
    shape = entry.get("shape")
    return checks.shape_of(where, shape if isinstance(shape, list) else [None])


def _parameters(where: str, entry: dict[str, Any]) -> dict[str, Any]:
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, dict):
        raise InvalidArgumentError(f"{where}: 'parameters' must be an object")
    checks.check_parameters(where, parameters)
    return parameters


def _flag(parameters: dict[str, Any], name: str, where: str, default: bool = False) -> bool:
    value = parameters.get(name, default)
    if not isinstance(value, bool):
        raise InvalidArgumentError(f"{where}: parameter '{name}' must be true or false")
    return value


def _optional(document: dict[str, Any], key: str, kind: type[str], where: str) -> str | None:
    value = document.get(key)
    if value is not None and not isinstance(value, kind):
        raise InvalidArgumentError(f"{where}: '{key}' must be a string")
    return value


def encode_response(response: InferResponse, request: InferRequest) -> tuple[bytes, int | None]:
    """The body of an answer, and where its JSON ends if raw tensors follow it."""
    binary = {output.name: output.binary for output in request.outputs} if request.outputs else {}
    outputs: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for tensor in response.outputs:
        entry: dict[str, Any] = {
            "name": tensor.name,
            "datatype": tensor.datatype.value,
            "shape": list(tensor.array.shape),
        }
        if binary.get(tensor.name, request.binary_output):
            raw = tensors.to_bytes(tensor.datatype, tensor.array)
            entry["parameters"] = {"binary_data_size": len(raw)}
            tail.append(raw)
        else:
            entry["data"] = tensors.to_json(tensor.datatype, tensor.array)
        outputs.append(entry)
    document: dict[str, Any] = {"model_name": response.model_name, "model_version": response.model_version}
    if response.id is not None:
        document["id"] = response.id
    document["outputs"] = outputs
    head = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    if b"null" in head:
        # The writer's word for what JSON has no word for, unless a text says it.
        for entry in outputs:
            tensors.refuse_unspeakable(f"output '{entry['name']}'", entry.get("data"))
    return (b"".join((head, *tail)), len(head)) if tail else (head, None)
