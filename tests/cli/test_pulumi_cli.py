"""Where the Pulumi CLI is on PATH, the verbs are handed to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_command import run

PULUMI = """#!/bin/sh
printf '%s\\n' "$*" >> "$RECORD"
case "$1 $2" in
    "stack output") echo '{"domain": "local.falaj.internal"}' ;;
    "stack ls") echo '[{"name": "organization/falaj/local"}]' ;;
    "preview "*) exit "${PREVIEW_EXIT:-0}" ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project beside a program that stands in for the Pulumi CLI and writes down how it was called."""
    (tmp_path / "Pulumi.yaml").write_text("name: falaj\nruntime: python\n")
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(PULUMI)
    program.chmod(0o755)
    return tmp_path


def called(project: Path, *arguments: str, **environment: str) -> tuple[int, str, list[str]]:
    record = project / "record"
    path = f"{project / 'bin'}:/usr/bin:/bin"
    done = run(*arguments, folder=project, PATH=path, RECORD=str(record), FALAJ_ENGINE="", **environment)
    return done.returncode, done.stdout, record.read_text().splitlines()


def test_up_is_pulumi_up_with_the_policy_pack(project: Path) -> None:
    code, _, calls = called(project, "up", "-s", "local", "--yes")

    assert code == 0
    assert calls == ["up --stack local --policy-pack policies --yes"]


def test_a_kubeconfig_becomes_configuration(project: Path) -> None:
    _, _, calls = called(project, "up", "-s", "local", "--yes", "--kubeconfig", "/etc/cluster.yaml")

    assert calls == ["up --stack local --policy-pack policies --yes --config falaj:kubeconfig=/etc/cluster.yaml"]


def test_its_exit_code_is_ours(project: Path) -> None:
    code, _, calls = called(project, "preview", "-s", "local", PREVIEW_EXIT="255")

    assert code == 255
    assert calls == ["preview --stack local --policy-pack policies"]


def test_outputs_come_from_it(project: Path) -> None:
    _, printed, calls = called(project, "stack", "output", "-s", "local", "--json")

    assert json.loads(printed) == {"domain": "local.falaj.internal"}
    assert calls == ["stack output --json --stack local"]


def test_the_embedded_engine_can_be_chosen_all_the_same(project: Path) -> None:
    done = run(
        "stack",
        "output",
        "-s",
        "local",
        folder=project,
        PATH=f"{project / 'bin'}:/usr/bin:/bin",
        RECORD=str(project / "record"),
        FALAJ_ENGINE="embedded",
    )

    assert not (project / "record").exists()
    assert done.returncode != 0
