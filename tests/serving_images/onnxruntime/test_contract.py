"""The Open Inference Protocol contract, on the server as a plain process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.serving_images.process import ServerProcess

ROOT = Path(__file__).parents[3]


def test_keeps_the_contract(server: ServerProcess, contract_files: tuple[Path, list[Path]]) -> None:
    _, cases = contract_files
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "serving_images/contract/tests"]
    places = ["--base-url", server.url, "--grpc-url", server.grpc_url]
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
    assert skipped[0].startswith("SKIPPED [2]"), done.stdout  # typed contents of FP16 and of BF16
    assert "an input has a datatype without typed contents" in skipped[0]
