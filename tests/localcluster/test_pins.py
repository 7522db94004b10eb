from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from falaj.localcluster import pins
from falaj.localcluster.pins import KUBERNETES, MODULES, PAUSE, Module


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    shutil.copytree(PAUSE.directory, tmp_path / "pause")
    monkeypatch.setattr(pins, "SOURCES", tmp_path)
    return tmp_path / "pause"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_module_is_pinned_by_a_sum_file(module: Module) -> None:
    assert (module.directory / "go.mod").is_file()
    assert (module.directory / "go.sum").is_file()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_module_takes_code_from_this_machine(module: Module) -> None:
    replacements = [line for line in (module.directory / "go.mod").read_text().splitlines() if "=>" in line]

    assert [line for line in replacements if "=> ." in line or "=> /" in line] == []


def test_kubernetes_is_the_version_it_says_it_is() -> None:
    assert f"k8s.io/kubernetes {pins.KUBERNETES_VERSION}" in (KUBERNETES.directory / "go.mod").read_text()
    assert f"gitVersion={pins.KUBERNETES_VERSION}" in KUBERNETES.linker


def test_the_pin_is_the_same_wherever_the_sources_lie(sources: Path) -> None:
    in_copy = PAUSE.pin("go1.27.0")
    shutil.move(sources, sources.with_name("elsewhere"))
    shutil.move(sources.with_name("elsewhere"), sources)

    assert PAUSE.pin("go1.27.0") == in_copy


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "main.go", "page.html"])
def test_another_source_is_another_pin(sources: Path, file: str) -> None:
    before = PAUSE.pin("go1.27.0")
    with (sources / file).open("a") as opened:
        opened.write("\n// changed\n")

    assert PAUSE.pin("go1.27.0") != before


def test_another_compiler_or_flag_is_another_pin() -> None:
    different = Module("pause", PAUSE.packages, PAUSE.binaries, PAUSE.seconds, tags=("race",))

    assert len({PAUSE.pin("go1.27.0"), PAUSE.pin("go1.27.1"), different.pin("go1.27.0")}) == 3


def test_a_file_that_is_not_compiled_is_no_part_of_the_pin(sources: Path) -> None:
    before = PAUSE.pin("go1.27.0")
    (sources / "notes.md").write_text("read me")

    assert PAUSE.pin("go1.27.0") == before
