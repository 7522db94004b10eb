"""What the specification refuses, held against Triton itself."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from google.protobuf import json_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from tests.serving_images import models
from tests.serving_images.triton.process import PATIENCE, free_ports
from tests.serving_images.triton.test_configuration import REFUSED, RISK

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("triton")]
PASSED_OVER = {
    "no backend": "Triton guesses it from the file's name",
    "dynamic batching without batches": "Triton takes the backend's default, which is not told here",
    "a preferred size twice": "Triton passes over the second",
    "a default without levels": "Triton passes over it",
    "a group's name twice": "Triton's metrics then mix the two",
    "a budget twice": "Triton takes the last",
    "a budget of two kinds": "Triton refuses it only where rate limits are on",
    "a version twice": "Triton passes over the second",
}
"""What Triton takes and does not do as it is written."""
OF_BACKENDS = {
    "a state's tensor twice",
    "a decoupled ONNX model",
    "an accelerator twice",
    "a GPU accelerator of CPU instances",
    "an input twice",
    "an empty reshape without a batch",
    "a warm-up above the largest batch",
    "a warm-up of an input that is not there",
    "a warm-up without an input",
}
"""What Triton leaves to a backend, and the local variant's is not that of the official one."""


@pytest.fixture(scope="module")
def loader(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """A Triton that loads what it is told to; the image never starts one like it."""
    folder = tmp_path_factory.mktemp("loader")
    for name in ("risk", "both"):
        models.save(models.addition(), folder / "models", name)
    http, grpc, metrics = free_ports()
    home = site / "pytriton" / "tritonserver"
    command = [str(home / "bin" / "tritonserver"), f"--model-repository={folder / 'models'}"]
    options = [f"--backend-directory={home / 'backends'}", "--model-control-mode=explicit", "--allow-grpc=false"]
    ports = [f"--http-port={http}", f"--grpc-port={grpc}", f"--metrics-port={metrics}", "--http-address=127.0.0.1"]
    environment = {
        "LD_LIBRARY_PATH": str(site / "nvidia_pytriton.libs"),
        "TRITON_PYTHON_PACKAGES": str(site),
        "PATH": f"{site / 'triton_server' / 'programs'}:/usr/bin:/bin",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*command, *options, *ports], env=environment, stdout=log, stderr=log)
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{http}", timeout=PATIENCE) as client:
            deadline = time.monotonic() + PATIENCE
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    client.get("/v2/health/live")
                    break
                except httpx2.TransportError:
                    time.sleep(0.05)
            yield client
    finally:
        process.terminate()
        process.wait(PATIENCE)


def loaded(client: httpx2.Client, fields: dict[str, Any]) -> bool:
    """Whether Triton takes a configuration; one that its messages can't hold it never gets to see."""
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        message = json_format.ParseDict(given, ModelConfig())
    except json_format.ParseError:
        return False
    text = json_format.MessageToJson(message, preserving_proto_field_name=True)
    path = f"/v2/repository/models/{fields['name']}"
    taken = client.post(f"{path}/load", json={"parameters": {"config": text}}).status_code == 200
    if taken:
        client.post(f"{path}/unload")
    return taken


def test_triton_takes_a_plain_configuration(loader: httpx2.Client) -> None:
    assert loaded(loader, RISK)


def test_triton_itself_refuses_the_same(loader: httpx2.Client) -> None:
    asked = REFUSED.keys() - PASSED_OVER.keys() - OF_BACKENDS
    assert len(asked) == len(REFUSED) - len(PASSED_OVER) - len(OF_BACKENDS)
    assert [name for name in sorted(asked) if loaded(loader, REFUSED[name][0])] == []
