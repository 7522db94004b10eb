"""What a server refuses over REST: a status of the client's fault, and a sentence in JSON that names what is wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from serving_images.contract.tests.rest import LENGTH, assert_refused, changed, infer, infer_binary

if TYPE_CHECKING:
    import httpx2

    from serving_images.contract.case import Case


def test_refuses_an_unknown_model_and_version(server: httpx2.Client, case: Case) -> None:
    assert_refused(server.get("/v2/models/no-such-model"), "no-such-model")
    assert_refused(server.post("/v2/models/no-such-model/infer", json=case.request), "no-such-model")
    assert_refused(server.get(f"/v2/models/{case.model}/versions/987654"), "987654")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"inputs": 7}',
        b'{"inputs": []}',
        b'{"inputs": [7]}',
        b'{"inputs": [{}]}',
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"inputs": ' * 10_000,
        b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [NaN]}]}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_refuses_what_is_not_a_request(server: httpx2.Client, case: Case, body: bytes) -> None:
    assert_refused(server.post(f"/v2/models/{case.model}/infer", content=body))


def test_refuses_a_missing_input(server: httpx2.Client, case: Case) -> None:
    first, *others = case.request["inputs"]
    body = {"inputs": others or [{**first, "name": "no-such-input"}]}
    assert_refused(infer(server, case, body), "no-such-input" if not others else first["name"])


def test_refuses_an_unknown_input_and_output(server: httpx2.Client, case: Case) -> None:
    extra = {"name": "no-such-input", "datatype": "FP32", "shape": [1], "data": [0.5]}
    assert_refused(infer(server, case, {"inputs": [*case.request["inputs"], extra]}), "no-such-input")
    assert_refused(infer(server, case, {**case.request, "outputs": [{"name": "no-such-output"}]}), "no-such-output")


def test_refuses_another_datatype(server: httpx2.Client, case: Case) -> None:
    first = case.request["inputs"][0]
    other = {"datatype": "INT16", "data": [0] * math.prod(first["shape"])}
    if first["datatype"] == "INT16":
        other["datatype"] = "INT32"
    assert_refused(infer(server, case, changed(case, **other)), first["name"])


def test_refuses_another_shape(server: httpx2.Client, case: Case) -> None:
    first = case.request["inputs"][0]
    assert_refused(infer(server, case, changed(case, shape=[*first["shape"], 1])), first["name"])


def test_refuses_too_few_elements(server: httpx2.Client, case: Case) -> None:
    first = case.request["inputs"][0]
    assert_refused(infer(server, case, changed(case, data=first["data"][:-1])), first["name"])


def test_refuses_too_many_elements(server: httpx2.Client, case: Case) -> None:
    first = case.request["inputs"][0]
    assert_refused(infer(server, case, changed(case, data=first["data"] * 2)), first["name"])


def test_refuses_raw_tensors_of_another_length(server: httpx2.Client, case: Case) -> None:
    first, *others = case.request["inputs"]
    entry = {key: first[key] for key in ("name", "datatype", "shape")}
    body = {"inputs": [{**entry, "parameters": {"binary_data_size": 3}}, *others]}
    assert_refused(infer_binary(server, case, body, b"\x00\x00\x00"), first["name"])
    assert_refused(infer_binary(server, case, body, b""), first["name"])


@pytest.mark.parametrize(
    "changes",
    [
        {"name": 7},
        {"name": ""},
        {"name": None},
        {"datatype": "FP7"},
        {"datatype": None},
        {"datatype": 32},
        {"shape": "2"},
        {"shape": [2.0, 2.0]},
        {"shape": [True, True]},
        {"shape": [-1]},
        {"shape": [2**63, 2]},
        {"shape": [1] * 100},
        {"shape": {}},
        {"data": None},
        {"data": {}},
        {"data": "text"},
        {"data": [[[]]]},
        {"data": [None]},
        {"data": [{}]},
        {"parameters": 7},
        {"parameters": {"binary_data_size": "8"}},
        {"parameters": {"binary_data_size": 8}},
    ],
    ids=str,
)
def test_refuses_an_input_that_is_none(server: httpx2.Client, case: Case, changes: dict[str, Any]) -> None:
    assert_refused(infer(server, case, changed(case, **changes)))


def test_refuses_an_input_that_comes_twice(server: httpx2.Client, case: Case) -> None:
    name = case.request["inputs"][0]["name"]
    assert_refused(infer(server, case, {"inputs": [*case.request["inputs"], case.request["inputs"][0]]}), name)


def test_refuses_an_output_that_comes_twice(server: httpx2.Client, case: Case) -> None:
    name = case.answer[0]["name"]
    assert_refused(infer(server, case, {**case.request, "outputs": [{"name": name}, {"name": name}]}), name)


@pytest.mark.parametrize("key", ["name", "shape", "datatype", "data"])
def test_refuses_an_input_without_one_of_its_parts(server: httpx2.Client, case: Case, key: str) -> None:
    first, *others = case.request["inputs"]
    entry = {name: value for name, value in first.items() if name != key}
    assert_refused(infer(server, case, {"inputs": [entry, *others]}))


@pytest.mark.parametrize("length", ["", "-1", "1e3", "0x10", "9" * 30, "12, 12"])
def test_refuses_a_length_of_the_json_that_is_none(server: httpx2.Client, case: Case, length: str) -> None:
    response = server.post(f"/v2/models/{case.model}/infer", json=case.request, headers={LENGTH: length})
    assert_refused(response)


def test_refuses_other_methods_and_paths(server: httpx2.Client, case: Case) -> None:
    assert server.get(f"/v2/models/{case.model}/infer").status_code == 405
    assert server.post("/v2/health/live").status_code == 405
    for path in ("/v3", "/v2/models/", f"/v2/models/{case.model}/versions/x/y/z", "/../etc/passwd", "/v2/%00"):
        assert_refused(server.get(path))
