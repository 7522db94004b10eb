"""Asking a server over REST, and what its answers are held to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from serving_images.contract.case import from_bytes, to_bytes

if TYPE_CHECKING:
    import httpx2

    from serving_images.contract.case import Case

LENGTH: Final = "inference-header-content-length"
"""The header that says where the JSON of a body ends."""


def infer(server: httpx2.Client, case: Case, body: dict[str, Any]) -> httpx2.Response:
    """Ask for a prediction in JSON."""
    return server.post(f"/v2/models/{case.model}/infer", json=body)


def infer_binary(server: httpx2.Client, case: Case, body: dict[str, Any], tail: bytes) -> httpx2.Response:
    """Ask for a prediction with raw tensors behind the JSON."""
    head = json.dumps(body).encode()
    return server.post(f"/v2/models/{case.model}/infer", content=head + tail, headers={LENGTH: str(len(head))})


def raw_request(inputs: list[dict[str, Any]]) -> tuple[dict[str, Any], bytes]:
    """A request whose inputs and outputs are all raw, and the bytes of the inputs."""
    raw = [to_bytes(entry["datatype"], entry["data"]) for entry in inputs]
    heads = [
        {key: entry[key] for key in ("name", "datatype", "shape")} | {"parameters": {"binary_data_size": len(data)}}
        for entry, data in zip(inputs, raw, strict=True)
    ]
    return {"inputs": heads, "parameters": {"binary_data_output": True}}, b"".join(raw)


def raw_outputs(response: httpx2.Response) -> list[dict[str, Any]]:
    """The outputs of an answer whose tensors are all raw, with flat JSON data."""
    length = int(response.headers[LENGTH])
    tail = response.content[length:]
    outputs: list[dict[str, Any]] = json.loads(response.content[:length])["outputs"]
    for entry in outputs:
        size = entry["parameters"]["binary_data_size"]
        entry["data"] = from_bytes(entry["datatype"], tail[:size])
        tail = tail[size:]
    assert tail == b""
    return outputs


def answer_of(response: httpx2.Response) -> dict[str, Any]:
    """The JSON of an answer; what a server says that gives none is the failure's text."""
    assert response.status_code == 200, f"{response.status_code} {response.text}"
    answer: dict[str, Any] = response.json()
    return answer


def assert_same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Everything exactly but floating point, which must agree to one part in 100,000."""
    assert [entry["name"] for entry in found] == [entry["name"] for entry in expected]
    for one, other in zip(found, expected, strict=True):
        assert (one["datatype"], one["shape"]) == (other["datatype"], other["shape"])
        if one["datatype"].startswith(("FP", "BF")):
            assert _rounded(one) == pytest.approx(_rounded(other), rel=1e-5, abs=0)
        else:
            assert one["data"] == other["data"]


def _rounded(entry: dict[str, Any]) -> list[Any]:
    """The data to the precision of its datatype: JSON may write fewer digits than it took."""
    return from_bytes(entry["datatype"], to_bytes(entry["datatype"], entry["data"]))


def assert_refused(response: httpx2.Response, *named: str) -> None:
    """A fault of the client, told in a sentence that names what is wrong."""
    assert 400 <= response.status_code < 500, f"{response.status_code} {response.text}"
    message = response.json()["error"]
    for name in named:
        assert name in message


def changed(case: Case, **changes: object) -> dict[str, Any]:
    """The case's request with another first input."""
    first, *others = case.request["inputs"]
    return {"inputs": [{**first, **changes}, *others]}
