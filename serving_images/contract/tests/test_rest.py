"""The protocol over REST: health, metadata, inference in JSON and binary, the repository's index, counts."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from serving_images.contract.case import from_bytes, nested
from serving_images.contract.tests.rest import (
    LENGTH,
    answer_of,
    assert_refused,
    assert_same,
    infer,
    infer_binary,
    raw_outputs,
    raw_request,
)

if TYPE_CHECKING:
    import httpx2

    from serving_images.contract.case import Case

COUNTED_SECONDS = 5.0


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
    answer = answer_of(response)
    assert response.headers["content-type"] == "application/json"
    assert answer["model_name"] == case.model
    assert_same(answer["outputs"], case.answer)


def test_answers_nested_data(server: httpx2.Client, case: Case) -> None:
    inputs = [{**entry, "data": nested(entry["shape"], entry["data"])} for entry in case.request["inputs"]]
    assert_same(answer_of(infer(server, case, {"inputs": inputs}))["outputs"], case.answer)


def test_answers_for_a_version(server: httpx2.Client, case: Case) -> None:
    response = server.post(f"/v2/models/{case.model}/versions/{case.version}/infer", json=case.request)
    answer = answer_of(response)
    assert answer["model_version"] == case.version
    assert_same(answer["outputs"], case.answer)


def test_sends_the_id_back(server: httpx2.Client, case: Case) -> None:
    assert answer_of(infer(server, case, {**case.request, "id": "request-7"}))["id"] == "request-7"


def test_gives_only_the_outputs_asked_for(server: httpx2.Client, case: Case) -> None:
    body = {**case.request, "outputs": [{"name": case.answer[-1]["name"]}]}
    assert_same(answer_of(infer(server, case, body))["outputs"], case.answer[-1:])


def test_gives_outputs_in_the_order_asked_for(server: httpx2.Client, case: Case) -> None:
    wanted = list(reversed(case.answer))
    body = {**case.request, "outputs": [{"name": entry["name"]} for entry in wanted]}
    assert_same(answer_of(infer(server, case, body))["outputs"], wanted)


def test_takes_and_gives_raw_tensors(server: httpx2.Client, case: Case) -> None:
    response = infer_binary(server, case, *raw_request(case.request["inputs"]))
    assert response.status_code == 200, f"{response.status_code} {response.text}"
    assert_same(raw_outputs(response), case.answer)


def test_answers_further_requests_such_as_those_without_elements(server: httpx2.Client, case: Case) -> None:
    for further in case.further:
        response = infer(server, case, {"inputs": further["inputs"]})
        assert_same(answer_of(response)["outputs"], further["answer"])
        response = infer_binary(server, case, *raw_request(further["inputs"]))
        assert response.status_code == 200, f"{response.status_code} {response.text}"
        assert_same(raw_outputs(response), further["answer"])


def test_gives_one_output_raw_and_the_others_in_json(server: httpx2.Client, case: Case) -> None:
    first = case.answer[0]
    outputs = [{"name": entry["name"], "parameters": {"binary_data": entry is first}} for entry in case.answer]
    response = infer(server, case, {**case.request, "outputs": outputs})
    assert response.status_code == 200, f"{response.status_code} {response.text}"
    length = int(response.headers[LENGTH])
    found = json.loads(response.content[:length])["outputs"]
    assert "data" not in found[0]
    found[0]["data"] = from_bytes(first["datatype"], response.content[length:])
    assert_same(found, case.answer)


def test_takes_parameters_and_passes_over_those_it_does_not_know(server: httpx2.Client, case: Case) -> None:
    parameters = {"priority": 1, "timeout": 30_000_000, "a_parameter_of_nobody": "x"}
    first, *others = case.request["inputs"]
    inputs = [{**first, "parameters": {"a_parameter_of_nobody": 7}}, *others]
    response = infer(server, case, {"inputs": inputs, "parameters": parameters})
    assert_same(answer_of(response)["outputs"], case.answer)


def test_answers_many_at_once_each_with_its_own(server: httpx2.Client, case: Case) -> None:
    def ask(number: int) -> None:
        response = infer(server, case, {**case.request, "id": f"request-{number}"})
        answer = answer_of(response)
        assert answer["id"] == f"request-{number}"
        assert_same(answer["outputs"], case.answer)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(64)))


def test_lists_its_repository(server: httpx2.Client, case: Case) -> None:
    if "model_repository" not in server.get("/v2").json()["extensions"]:
        pytest.skip("no extension model_repository")
    response = server.post("/v2/repository/index", json={})
    assert response.status_code == 200, f"{response.status_code} {response.text}"
    everything, serving = response.json(), server.post("/v2/repository/index", json={"ready": True}).json()
    assert {"name": case.model, "version": case.version, "state": "READY"}.items() <= _entry(serving, case).items()
    assert {entry["state"] for entry in serving} == {"READY"}
    assert [entry for entry in everything if entry["state"] == "READY"] == serving


def test_loads_and_unloads_only_where_that_is_switched_on(server: httpx2.Client, case: Case) -> None:
    if "model_repository" not in server.get("/v2").json()["extensions"]:
        pytest.skip("no extension model_repository")
    response = server.post(f"/v2/repository/models/{case.model}/load", json={})
    if response.status_code != 200:
        assert_refused(response)
        assert_refused(server.post(f"/v2/repository/models/{case.model}/unload", json={}))
    assert server.get(f"/v2/models/{case.model}/ready").status_code == 200
    assert_same(answer_of(infer(server, case, case.request))["outputs"], case.answer)


def test_counts_answers_and_runs(server: httpx2.Client, metrics: str, case: Case) -> None:
    """A server may count after it has answered, but not long after."""
    names = ("nv_inference_request_success", "nv_inference_exec_count")
    expected = [count(server, metrics, name, case) + 1 for name in names]
    assert infer_binary(server, case, *raw_request(case.request["inputs"])).status_code == 200
    deadline = time.monotonic() + COUNTED_SECONDS
    found: list[float] = []
    while found != expected and time.monotonic() < deadline:
        found = [count(server, metrics, name, case) for name in names]
    assert found == expected


def count(server: httpx2.Client, metrics: str, name: str, case: Case) -> float:
    """A counter summed over the model's versions."""
    lines = server.get(metrics).text.splitlines()
    pattern = re.compile(rf'{name}{{[^}}]*model="{re.escape(case.model)}"[^}}]*}} (\S+)')
    return sum(float(found.group(1)) for line in lines if (found := pattern.fullmatch(line)))


def _entry(index: list[dict[str, str]], case: Case) -> dict[str, str]:
    """The entry of the case's version in an index."""
    return next(entry for entry in index if (entry["name"], entry.get("version")) == (case.model, case.version))
