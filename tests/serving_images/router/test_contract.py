"""The Open Inference Protocol contract, through the router and with one of our servers behind it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving_images.process import ServerProcess
from tests.serving_images.router.conftest import Route

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_keeps_the_contract(server: ServerProcess, contract_files: tuple[Path, list[Path]], route: Route) -> None:
    _, cases = contract_files
    router = route(server, None, options=("--max-body-bytes", "100000", "--body-seconds", "1"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "serving_images/contract/tests"]
    places = ["--base-url", router.url, "--grpc-url", router.grpc_url, "--metrics-url", f"{server.url}/metrics"]
    limits = ["--limit-body-bytes", "100000", "--limit-tensors", "64", "--limit-elements", str(4 * 1024 * 1024)]
    done = subprocess.run(
        [*command, *places, *limits, *(f"--case={case}" for case in cases)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    skipped = re.findall(r"^SKIPPED .*", done.stdout, re.MULTILINE)
    assert len(skipped) == 1, done.stdout
    assert "an input has a datatype without typed contents" in skipped[0]
