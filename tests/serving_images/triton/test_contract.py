"""The Open Inference Protocol contract on Triton, with the table of what it answers differently."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.serving_images.triton.process import IMAGE, Triton

ROOT = Path(__file__).parents[3]
TABLE = IMAGE / "contract.toml"


@pytest.mark.slow
@pytest.mark.xdist_group("triton")
def test_keeps_the_contract_but_for_what_its_table_says(triton: Triton, triton_models: tuple[Path, list[Path]]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "serving_images/contract/tests"]
    places = ["--base-url", triton.url, "--grpc-url", triton.grpc_url, "--metrics-url", triton.metrics_url]
    cases = [f"--case={case}" for case in triton_models[1]]
    done = subprocess.run(
        [*command, *places, *cases, "--differences", str(TABLE)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
    seen = re.findall(r"^DIFFERENT \[\d+\] (.*)$", done.stdout, re.MULTILINE)
    table = tomllib.loads(TABLE.read_text())["difference"]
    assert seen == [each["reason"] for each in table if each.get("tried", True)]
    skipped = re.findall(r"^SKIPPED \[\d+\] [^:]*(?::\d+)?: (.*)$", done.stdout, re.MULTILINE)
    assert {*skipped} == {
        "an input has a datatype without typed contents",
        *(f"not tried: {each['reason']}" for each in table if not each.get("tried", True)),
        *(f"no --limit-{what}" for what in ("body-bytes", "tensors", "elements")),
    }
