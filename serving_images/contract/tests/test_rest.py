"""The protocol over REST: health, metadata, inference in JSON and binary, refusals, counts."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import pytest

from serving_images.contract.case import from_bytes, nested, to_bytes

if TYPE_CHECKING:
    import httpx2

    from serving_images.contract.case import Case

LENGTH = "inference-header-content-length"


def infer(server: httpx2.Client, case: Case, body: dict[str, Any]) -> httpx2.Response:
    return server.post(f"/v2/models/{case.model}/infer", json=body)


def infer_binary(server: httpx2.Client, case: Case, body: dict[str, Any], tail: bytes) -> httpx2.Response:
    head = json.dumps(body).encode()
    return server.post(f"/v2/models/{case.model}/infer", content=head + tail, headers={LENGTH: str(len(head))})


def assert_same(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """Everything exactly but floating point, which must agree to one part in 100,000."""
    assert [entry["name"] for entry in found] == [entry["name"] for entry in expected]
    for one, other in zip(found, expected, strict=True):
        assert (one["datatype"], one["shape"]) == (other["datatype"], other["shape"])
        if one["datatype"].startswith("FP"):
            assert rounded(one) == pytest.approx(rounded(other), rel=1e-5, abs=0)
        else:
            assert one["data"] == other["data"]


def rounded(entry: dict[str, Any]) -> list[Any]:
    """The data to the precision of its datatype: JSON may write fewer digits than it took."""
    return from_bytes(entry["datatype"], to_bytes(entry["datatype"], entry["data"]))


def assert_refused(response: httpx2.Response, *named: str) -> None:
    """A fault of the client, told in a sentence that names what is wrong."""
    assert 400 <= response.status_code < 500
    message = response.json()["error"]
    for name in named:
        assert name in message


def changed(case: Case, **changes: object) -> dict[str, Any]:
    """The case's request with another first input."""
    first, *others = case.request["inputs"]
    return {"inputs": [{**first, **changes}, *others]}


def test_is_live_and_ready(server: httpx2.Client) -> None:
    assert server.get("/v2/health/live").status_code == 200
    assert server.get("/v2/health/ready").status_code == 200


def test_says_what_it_is(server: httpx2.Client) -> None:
    facts = server.get("/v2").json()
    assert isinstance(facts["name"], str)
    assert isinstance(facts["version"], str)
    assert "binary_tensor_data" in facts["extensions"]


@pytest.mark.parametrize("with_version", [False, True])
def test_says_what_a_model_takes_and_gives(server: httpx2.Client, case: Case, with_version: bool) -> None:
    path = f"/v2/models/{case.model}" + (f"/versions/{case.version}" if with_version else "")
    facts = server.get(path).json()
    assert facts["name"] == case.model
    assert case.version in facts["versions"]
    assert facts["inputs"] == case.inputs
    assert facts["outputs"] == case.outputs
    assert server.get(f"{path}/ready").status_code == 200


def test_answers_flat_data(server: httpx2.Client, case: Case) -> None:
    response = infer(server, case, case.request)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    assert answer["model_name"] == case.model
    assert_same(answer["outputs"], case.answer)


def test_answers_nested_data(server: httpx2.Client, case: Case) -> None:
    inputs = [{**entry, "data": nested(entry["shape"], entry["data"])} for entry in case.request["inputs"]]
    assert_same(infer(server, case, {"inputs": inputs}).json()["outputs"], case.answer)


def test_answers_for_a_version(server: httpx2.Client, case: Case) -> None:
    response = server.post(f"/v2/models/{case.model}/versions/{case.version}/infer", json=case.request)
    assert response.json()["model_version"] == case.version
    assert_same(response.json()["outputs"], case.answer)


def test_sends_the_id_back(server: httpx2.Client, case: Case) -> None:
    assert infer(server, case, {**case.request, "id": "request-7"}).json()["id"] == "request-7"


def test_gives_only_the_outputs_asked_for_in_that_order(server: httpx2.Client, case: Case) -> None:
    wanted = list(reversed(case.answer))
    body = {**case.request, "outputs": [{"name": entry["name"]} for entry in wanted]}
    assert_same(infer(server, case, body).json()["outputs"], wanted)
    body = {**case.request, "outputs": [{"name": wanted[0]["name"]}]}
    assert_same(infer(server, case, body).json()["outputs"], wanted[:1])


def test_takes_and_gives_raw_tensors(server: httpx2.Client, case: Case) -> None:
    raw = [to_bytes(entry["datatype"], entry["data"]) for entry in case.request["inputs"]]
    inputs = [
        {key: entry[key] for key in ("name", "datatype", "shape")} | {"parameters": {"binary_data_size": len(data)}}
        for entry, data in zip(case.request["inputs"], raw, strict=True)
    ]
    body = {"inputs": inputs, "parameters": {"binary_data_output": True}}
    response = infer_binary(server, case, body, b"".join(raw))
    assert response.status_code == 200, response.text
    length = int(response.headers[LENGTH])
    tail = response.content[length:]
    outputs = json.loads(response.content[:length])["outputs"]
    for entry in outputs:
        size = entry["parameters"]["binary_data_size"]
        entry["data"] = from_bytes(entry["datatype"], tail[:size])
        tail = tail[size:]
    assert tail == b""
    assert_same(outputs, case.answer)


def test_gives_one_output_raw_and_the_others_in_json(server: httpx2.Client, case: Case) -> None:
    first = case.answer[0]
    outputs = [{"name": entry["name"], "parameters": {"binary_data": entry is first}} for entry in case.answer]
    response = infer(server, case, {**case.request, "outputs": outputs})
    length = int(response.headers[LENGTH])
    found = json.loads(response.content[:length])["outputs"]
    assert "data" not in found[0]
    found[0]["data"] = from_bytes(first["datatype"], response.content[length:])
    assert_same(found, case.answer)


def test_refuses_an_unknown_model_and_version(server: httpx2.Client, case: Case) -> None:
    assert_refused(server.get("/v2/models/no-such-model"), "no-such-model")
    assert_refused(server.post("/v2/models/no-such-model/infer", json=case.request), "no-such-model")
    assert_refused(server.get(f"/v2/models/{case.model}/versions/987654"), "987654")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"inputs": 7}', b'{"inputs": []}', b"\xff\xfe"])
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


def test_refuses_too_few_and_too_many_elements(server: httpx2.Client, case: Case) -> None:
    first = case.request["inputs"][0]
    assert_refused(infer(server, case, changed(case, data=first["data"][:-1])), first["name"])
    assert_refused(infer(server, case, changed(case, data=first["data"] * 2)), first["name"])


def test_refuses_raw_tensors_of_another_length(server: httpx2.Client, case: Case) -> None:
    first, *others = case.request["inputs"]
    entry = {key: first[key] for key in ("name", "datatype", "shape")}
    body = {"inputs": [{**entry, "parameters": {"binary_data_size": 3}}, *others]}
    assert_refused(infer_binary(server, case, body, b"\x00\x00\x00"), first["name"])
    assert_refused(infer_binary(server, case, body, b""), first["name"])


def test_counts_answers_and_runs(server: httpx2.Client, case: Case) -> None:
    before = count(server, "nv_inference_request_success", case)
    runs_before = count(server, "nv_inference_exec_count", case)
    assert infer(server, case, case.request).status_code == 200
    assert count(server, "nv_inference_request_success", case) == before + 1
    assert count(server, "nv_inference_exec_count", case) == runs_before + 1


def count(server: httpx2.Client, name: str, case: Case) -> float:
    """A counter summed over the model's versions."""
    lines = server.get("/metrics").text.splitlines()
    pattern = re.compile(rf'{name}{{[^}}]*model="{re.escape(case.model)}"[^}}]*}} (\S+)')
    return sum(float(found.group(1)) for line in lines if (found := pattern.fullmatch(line)))
