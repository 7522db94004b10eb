"""Pulumi.yaml and stack files: what is read from them and what is refused, by file and key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from falaj.engine import Options, Project, StepOp, export, preview, stack_outputs, stacks, up
from falaj.engine.operations import refresh
from falaj.engine.project import interpreter
from falaj.engine.stack_settings import StackSettings
from falaj.errors import ConfigurationError, StateError
from tests.engine.conftest import Workbench


def test_the_package_is_cheap_to_import() -> None:
    program = "import sys, falaj.engine; print(sorted({'grpc', 'pulumi', 'yaml', 'cryptography'} & set(sys.modules)))"

    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert printed == "[]\n"


def test_the_project_is_found_from_below(bench: Workbench) -> None:
    below = bench.root / "stacks" / "deep"
    below.mkdir()

    project = Project.load(below)

    assert (project.name, project.root, project.main) == ("test", bench.root, bench.root / "stacks")
    assert project.stack_config_dir == bench.root / "config"
    assert project.stacks() == ["dev"]


def test_a_directory_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Project.load(tmp_path)

    assert caught.value.code == "FAL-ENG-101"


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("- a list\n", "FAL-ENG-102", "holds a list, not a mapping"),
        ("name: [", "FAL-ENG-102", "can not be read"),
        ("runtime: python\n", "FAL-ENG-103", "`name` is missing"),
        ("name: x\nruntime: nodejs\n", "FAL-ENG-103", "`runtime` is 'nodejs'"),
        ("name: x\nruntime: python\nmain: ../out\n", "FAL-ENG-103", "outside the project"),
        ("name: x\nruntime: python\nmain: nowhere\n", "FAL-ENG-103", "does not exist"),
        (
            "name: x\nruntime: python\nplugins: {providers: [a]}\n",
            "FAL-ENG-103",
            "`plugins` asks for plugins of its own",
        ),
    ],
)
def test_a_wrong_project_file_is_refused(tmp_path: Path, content: str, code: str, message: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigurationError) as caught:
        Project.load(tmp_path)

    assert caught.value.code == code
    assert message in caught.value.message


def test_a_stack_without_a_file_is_refused_with_those_that_have_one(bench: Workbench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        preview(bench.project, "prod", Options())

    assert caught.value.code == "FAL-ENG-105"
    assert caught.value.message == "There is no stack named prod. Stacks with a file: dev."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("environment: [prod]\n", "`environment` names a Pulumi ESC environment"),
        ("secretsprovider: awskms://k\n", "`secretsprovider` is awskms://k"),
        ("config: [a]\n", "`config` is not a mapping"),
        ("config: {test:a: {secure: 'v1:x:y'}}\n", "`config.test:a` is encrypted but the file has no `encryptionsalt`"),
    ],
)
def test_a_stack_file_that_can_not_be_honoured_is_refused(bench: Workbench, content: str, message: str) -> None:
    bench.stack_file(content)

    with pytest.raises(ConfigurationError) as caught:
        StackSettings.load(bench.project, "dev", bench.project.default_state_directory, {})

    assert message in caught.value.message


def test_a_packages_own_settings_are_found(bench: Workbench) -> None:
    bench.stack_file("config: {kubernetes:context: here, test:x: 1}\n")

    settings = StackSettings.load(bench.project, "dev", bench.project.default_state_directory, {})

    assert settings.of_package("kubernetes") == {"context": ("here", False)}
    assert settings.values == {"kubernetes:context": "here", "test:x": "1"}


def test_the_default_provider_is_made_with_its_packages_settings(bench: Workbench) -> None:
    bench.stack_file("config: {fake:region: north}\n")
    bench.program('Thing("one", opts=pulumi.ResourceOptions(version="1.2.3"))')

    bench.up()

    provider = bench.resources()["default_1_2_3"]
    assert provider["inputs"] == {"region": "north", "version": "1.2.3", "__internal": {}}
    assert provider["outputs"] == {"region": "north", "version": "1.2.3"}


def test_the_interpreter_is_the_projects_own(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "pyproject.toml").touch()

    assert interpreter(tmp_path, {"toolchain": "uv"}) == python
    assert interpreter(tmp_path, {"virtualenv": ".venv"}) == python
    assert interpreter(tmp_path, {}) == Path(sys.executable)
    with pytest.raises(ConfigurationError):
        interpreter(tmp_path, {"virtualenv": "elsewhere"})


def test_stacks_are_listed_with_what_they_hold(bench: Workbench) -> None:
    bench.stack_file("config: {}\n", stack="later")
    bench.program('pulumi.export("x", 1)')
    bench.up()

    listed = stacks(bench.project)

    assert [(stack.name, stack.deployed, stack.resources) for stack in listed] == [
        ("dev", True, 1),
        ("later", False, 0),
    ]
    assert stack_outputs(bench.project, "dev") == {"x": 1}
    assert export(bench.project, "dev")["version"] == 3
    with pytest.raises(StateError) as caught:
        stack_outputs(bench.project, "later")
    assert caught.value.code == "FAL-ENG-216"


def test_offline_mode_only_previews(bench: Workbench) -> None:
    bench.program("pass")

    assert preview(bench.project, "dev", Options(offline=True)).summary == {StepOp.CREATE: 1}
    with pytest.raises(ConfigurationError, match="it can only preview"):
        up(bench.project, "dev", Options(offline=True))


def test_refresh_is_refused(bench: Workbench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        refresh(bench.project, "dev")

    assert caught.value.code == "FAL-ENG-801"


@pytest.mark.parametrize("text", ["fake", "fake:port", ":1"])
def test_a_wrong_provider_address_is_refused(bench: Workbench, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", text)
    bench.program("pass")

    with pytest.raises(ConfigurationError) as caught:
        bench.preview()

    assert (caught.value.code, caught.value.where) == ("FAL-ENG-503", "PULUMI_DEBUG_PROVIDERS")
