"""A model answers through the gateway what ONNX Runtime itself answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.end_to_end.conftest import ROOT, Workspace

pytestmark = pytest.mark.cluster

REQUEST = ROOT / "examples" / "requests" / "iris.json"
MODEL = ROOT / "examples" / "models" / "iris"


def test_the_gateway_answers_what_onnxruntime_answers(tenant: Workspace) -> None:
    answered = json.loads(tenant.falaj("predict", "local-smb/iris", "--input", str(REQUEST), "--json").stdout)

    request = json.loads(REQUEST.read_text())
    session = onnxruntime.InferenceSession(next(MODEL.rglob("model.onnx")))
    inputs = {
        tensor["name"]: np.array(tensor["data"], dtype=np.float32).reshape(tensor["shape"])
        for tensor in request["inputs"]
    }
    names = [output.name for output in session.get_outputs()]
    expected = dict(zip(names, session.run(names, inputs), strict=True))

    answer = answered["answer"]
    assert answered["url"] == "https://iris.local-smb.local.falaj.internal/v2/models/iris"
    assert answer["model_name"] == "iris"
    assert [output["name"] for output in answer["outputs"]] == names
    for output in answer["outputs"]:
        given = np.array(output["data"], dtype=expected[output["name"]].dtype).reshape(output["shape"])
        np.testing.assert_array_equal(given, expected[output["name"]])


def test_a_request_of_the_wrong_shape_gets_the_servers_own_words(tenant: Workspace, tmp_path: Path) -> None:
    request = json.loads(REQUEST.read_text())
    request["inputs"][0] |= {"shape": [1, 3], "data": [[1.0, 2.0, 3.0]]}
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(request))

    refused = tenant.falaj("predict", "local-smb/iris", "--input", str(wrong), check=False)

    assert refused.returncode == 10
    assert refused.stdout == ""
    first, second, *_ = refused.stderr.splitlines()
    assert first == "FAL-END-003  https://iris.local-smb.local.falaj.internal/v2/models/iris"
    assert second.startswith("  HTTP 400: ")
    assert request["inputs"][0]["name"] in second


def test_an_endpoint_that_is_not_there_is_named_with_those_that_are(tenant: Workspace) -> None:
    refused = tenant.falaj("predict", "local-smb/irs", "--input", str(REQUEST), check=False)

    assert refused.returncode == 3
    assert refused.stderr.splitlines()[:2] == [
        "FAL-PRE-003  ENDPOINT local-smb/irs",
        "  Stack local-smb has no endpoint irs. It has: iris.",
    ]


def test_a_second_up_changes_nothing(tenant: Workspace) -> None:
    for stack in ("local", "local-smb"):
        again = tenant.up(stack)
        assert set(again["summary"]) <= {"same", "read"}, [s for s in again["steps"] if s["op"] not in {"same", "read"}]
        assert again["summary"]["same"] > 5
