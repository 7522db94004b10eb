"""What users copy for their own CI does what it says, step by step, where no runner is at hand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.end_to_end.conftest import link_project

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / "examples" / "ci" / "policies.yaml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = WORKFLOW["jobs"]["policies"]["steps"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose environment is this one."""
    link_project(tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def run(name: str, stack: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one step as a runner would."""
    script = next(step["run"] for step in STEPS if step.get("name") == name)
    environment = {
        **os.environ,
        "STACK": stack,
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "FALAJ_STATE_DIRECTORY": str(folder / "state"),
    }
    command = ["bash", "-e", "-c", script]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def test_the_steps_of_the_workflow_leave_evidence_and_a_summary(checkout: Path) -> None:
    made = run("evidence", "azure-smb", checkout)

    assert made.returncode == 0, made.stderr
    sarif = json.loads((checkout / "evidence" / "azure-smb" / "evidence.sarif").read_text(encoding="utf-8"))
    assert sarif["version"] == "2.1.0"
    assert "azure-smb" in (checkout / "summary.md").read_text(encoding="utf-8")
    assert run("stop what must be stopped", "azure-smb", checkout).returncode == 0


def test_every_stack_of_the_workflow_exists_and_every_action_is_pinned() -> None:
    stacks = WORKFLOW["jobs"]["policies"]["strategy"]["matrix"]["stack"]

    assert [stack for stack in stacks if not (ROOT / "stacks" / "config" / f"Pulumi.{stack}.yaml").is_file()] == []
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in used)


def test_the_hook_judges_the_files_it_is_given(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    file = tmp_path / "service.yaml"
    file.write_text("apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {type: NodePort}\n")
    command = [str(Path(sys.prefix) / "bin" / hook["entry"].split()[0]), *hook["entry"].split()[1:]]

    bad = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False, timeout=60)
    nothing = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (bad.returncode, nothing.returncode, nothing.stdout) == (5, 0, "")
    assert "mandatory: TLS-003 " in bad.stdout
