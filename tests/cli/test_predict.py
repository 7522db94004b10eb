"""`falaj serve` and `falaj predict` against each other, and what wrong input gets."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_command import FALAJ, run

ROOT = Path(__file__).parents[2]
REQUEST = ROOT / "examples" / "requests" / "iris.json"

pytestmark = pytest.mark.xdist_group("predict")  # one server answers them all


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The serving image's server as a plain process; its model's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([FALAJ, "serve", "iris", "--port", str(port)], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v2/models/iris"
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_a_served_model_answers(server: str) -> None:
    done = run("predict", server, "--input", str(REQUEST), "--json", folder=ROOT)

    answer = json.loads(done.stdout)
    assert answer["url"] == server
    assert answer["answer"]["model_name"] == "iris"
    assert answer["milliseconds"] > 0


def test_an_answer_for_people_names_tensors_and_latency(server: str) -> None:
    done = run("predict", server, "--input", str(REQUEST), folder=ROOT)

    assert done.stdout.split()[:2] == ["label", "BYTES"]
    assert done.stderr.startswith("iris version 1, ")
    assert done.stderr.endswith(f" ms, plain HTTP on this machine, {server}\n")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run("predict", "http://127.0.0.1:1/v2/models/iris", "--input", "nowhere.json", folder=tmp_path)

    assert done.returncode == 3
    assert done.stderr == (
        "FAL-PRE-001  --input nowhere.json\n"
        "  There is no such file.\n"
        "  Next: give a file like examples/requests/iris.json\n"
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "The file is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("[]", 'The file has no list named "inputs".'),
        ('{"inputs": {}}', 'The file has no list named "inputs".'),
    ],
)
def test_a_file_that_is_no_request(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "request.json").write_text(content)

    done = run("predict", "http://127.0.0.1:1/v2/models/iris", "--input", "request.json", folder=tmp_path)

    assert done.returncode == 3
    assert done.stderr.splitlines()[1] == f"  {says}"


def test_an_address_that_names_no_model(tmp_path: Path) -> None:
    done = run("predict", "http://127.0.0.1:1", "--input", str(REQUEST), folder=tmp_path)

    assert done.returncode == 3
    assert done.stderr.splitlines()[0] == "FAL-PRE-002  ENDPOINT http://127.0.0.1:1"


def test_an_address_where_nobody_answers(tmp_path: Path) -> None:
    done = run("predict", "http://127.0.0.1:1/v2/models/iris", "--input", str(REQUEST), folder=tmp_path)

    assert done.returncode == 10
    assert done.stderr.splitlines()[:2] == [
        "FAL-END-001  http://127.0.0.1:1/v2/models/iris",
        "  No answer: ConnectError: [Errno 111] Connection refused.",
    ]


def test_a_model_that_is_not_there_is_answered_with_those_that_are() -> None:
    done = run("serve", "irs", folder=ROOT)

    assert done.returncode == 3
    first, second, third = done.stderr.splitlines()
    assert first == "FAL-MOD-001  MODEL irs"
    assert second == "  There is no model folder of that name. Models here: iris, iris-next, minilm."
    assert third == "  Next: give one of these names, or a folder that holds <model>/<version>/model.onnx"
