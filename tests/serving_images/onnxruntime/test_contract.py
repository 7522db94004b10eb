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
    done = subprocess.run(
        [*command, "--base-url", server.url, "--case", str(case)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
