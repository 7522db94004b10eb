"""Our own stacks keep every control, or a reviewed waiver says why not; over the engine's protocol too."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.golden import configuration, golden
from policies.controls import load
from policies.judgement import judge
from policies.readers.source import Source, SourceKind
from policies.waiver_files import read_waivers

ROOT = Path(__file__).parents[2]
CONTROLS = [control for control in load() if control.id != "AIG-005"]
"""All but the one that asks what a stack puts out, which a golden plan does not hold; the preview below does."""
STACKS = sorted(file.stem for file in (ROOT / "tests" / "golden" / "plans").glob("*.json"))


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_stops_a_shipped_stack_but_what_is_waived(stack: str) -> None:
    source = Source(SourceKind.PREVIEW, stack, tuple(golden(stack)), config=configuration(stack), stack=stack)

    judgement = judge(source, CONTROLS, today=datetime.now(tz=UTC).date(), waivers=read_waivers())

    assert [message.text for _, message in judgement.messages if message.level == "mandatory"] == []
    assert [waiver.id for waiver in judgement.applied.unused] == []


@pytest.mark.parametrize("stack", ["aws-me-central-1-prod", "azure-uaenorth-prod", "azure-sovereign"])
def test_the_engine_previews_it_with_the_pack_and_is_not_stopped(stack: str, tmp_path: Path) -> None:
    command = [str(Path(sys.prefix) / "bin" / "falaj"), "preview", "-s", stack, "--json"]
    environment = {"FALAJ_ENGINE": "embedded", "FALAJ_STATE_DIRECTORY": str(tmp_path), "PATH": "/usr/bin:/bin"}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr
    violations = json.loads(done.stdout)["violations"]
    assert [each for each in violations if each["level"] == "mandatory"] == []
