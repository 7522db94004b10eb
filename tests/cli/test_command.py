"""The tree of verbs, its exit codes and its words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from falaj.cli.command import VERBS, falaj

ROOT = Path(__file__).parents[2]
FALAJ = str(Path(sys.executable).with_name("falaj"))


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FALAJ, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_of_the_table_explains_itself(verb: str) -> None:
    shown = CliRunner().invoke(falaj, [verb, "--help"])

    assert shown.exit_code == 0
    assert shown.output.startswith(f"Usage: falaj {verb}")


def test_help_imports_no_verb() -> None:
    listing = "import sys; from falaj.cli.command import falaj; falaj.main(['--help'], standalone_mode=False); "
    script = listing + "print([name for name in sys.modules if name.startswith(('pulumi', 'grpc', 'lightkube'))])"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


def test_an_unknown_verb_is_a_wrong_usage(tmp_path: Path) -> None:
    done = run("deploy", folder=tmp_path)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "Error: No such command 'deploy'."


def test_outside_a_project_the_message_says_what_to_do(tmp_path: Path) -> None:
    done = run("up", "-s", "local", "--yes", folder=tmp_path)

    assert done.returncode == 3
    assert done.stderr == (
        f"FAL-CFG-001  {tmp_path}\n"
        "  No Pulumi.yaml here or in a folder above.\n"
        "  Next: change into the project's folder and run the command again\n"
    )


def test_without_a_terminal_a_change_wants_a_yes(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")

    done = run("up", "-s", "local", folder=tmp_path)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: Create or update stack local? There is no terminal to ask on: add --yes."
    )


def test_an_engine_that_cannot_be_had_is_a_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")

    done = run("preview", "-s", "local", folder=tmp_path, FALAJ_ENGINE="pulumi", PATH="/usr/bin:/bin")

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: FALAJ_ENGINE=pulumi, but there is no pulumi on PATH. Unset it for the embedded engine."
    )


def test_doctor_answers_machines_too(tmp_path: Path) -> None:
    done = run("doctor", "--json", folder=tmp_path)

    findings = json.loads(done.stdout)
    assert {"subject", "ok", "detail", "remedy"} == set(findings[0])
    assert done.returncode == (0 if all(found["ok"] for found in findings) else 4)


def test_no_colour_without_a_terminal(tmp_path: Path) -> None:
    done = run("doctor", folder=tmp_path)

    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "Configuration file {path} not found"),
        ("just words\n", "it is not of the shape of a kubeconfig"),
    ],
)
def test_a_kubeconfig_that_leads_nowhere_is_one_message(tmp_path: Path, content: str | None, reason: str) -> None:
    path = tmp_path / "kubeconfig"
    if content is not None:
        path.write_text(content)
    (tmp_path / "images.json").write_text(
        json.dumps(
            {
                f"falaj.local/{name}": {"digest": f"sha256:{'0' * 64}", "archive": ""}
                for name in ("traefik", "cert-manager", "onnxruntime", "models/iris")
            }
        )
    )
    (tmp_path / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
    for name in ("policies", "falaj"):
        (tmp_path / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "stacks" / "config" / "Pulumi.local.yaml"
    file.write_text(file.read_text() + f"  falaj:images: {tmp_path / 'images.json'}\n")

    done = run("up", "-s", "local", "--yes", "--kubeconfig", str(path), folder=tmp_path, FALAJ_ENGINE="embedded")

    assert done.returncode == 3
    assert done.stderr[done.stderr.index("FAL-") :] == (
        f"FAL-K8S-003  {path}\n"
        f"  The kubeconfig can't be used: {reason.format(path=path)}\n"
        "  Next: name a kubeconfig that exists (`falaj cluster kubeconfig` prints the local one) and a context that is "
        "in it.\n"
    )
    assert not list((tmp_path / ".falaj").rglob("local.json"))
