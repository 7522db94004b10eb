"""The Open Inference Protocol contract, on the server as a plain process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.serving_images.process import ServerProcess

ROOT = Path(__file__).parents[3]


def test_keeps_the_contract(server: ServerProcess, contract_files: tuple[Path, Path]) -> None:
    _, case = contract_files
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "serving_images/contract/tests"]
    places = ["--base-url", server.url, "--grpc-url", server.grpc_url]
    done = subprocess.run(
        [*command, *places, "--case", str(case), "--case", str(case.with_name("typed.json"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "1 skipped" in done.stdout  # typed contents of FP16
