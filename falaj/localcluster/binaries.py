"""Builds Kubernetes and what it stands on from pinned Go modules, once, into the cache."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from falaj.errors import MachineError
from falaj.localcluster import go_toolchain
from falaj.localcluster.go_toolchain import GoToolchain
from falaj.localcluster.locks import lock
from falaj.localcluster.pins import MODULES, Module
from falaj.localcluster.places import cache_directory
from falaj.localcluster.progress import Progress

UNFINISHED = ".unfinished"
FETCH_FAILURE = re.compile(
    r"^(?:go: )?(?P<module>\S+@v\S+?): (?P<reason>.*(?:Get |dial |reading |verifying |lookup ).*)"
)
DOWNLOADING = re.compile(r"^go: downloading (?P<path>\S+) (?P<version>v\S+)")
LOOKUP_DISABLED = "module lookup disabled by GOPROXY=off"
MOST_LINES = 15
MOST_BEFORE_LINKING = 0.95
"""How much of a module's time is over, at most, when its last package is compiled."""


class Estimate:
    """Time left: the table of measured times, corrected by how fast this machine is going."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self.total = sum(module.seconds for module in modules)
        self.done = 0.0
        self._started = time.monotonic()

    def seconds_left(self, part: float) -> float:
        """What the rest takes, when this many of the table's seconds are behind us in the module being built."""
        behind = self.done + part
        remaining = max(self.total - behind, 0.0)
        elapsed = time.monotonic() - self._started
        # The first percent says little about the machine; until then the table speaks alone.
        rate = elapsed / behind if behind > self.total / 100 else 1.0
        return remaining * rate


def build(progress: Progress, modules: Sequence[Module] = MODULES) -> Path:
    """Build what is not in the cache yet; the folder returned holds every binary of the modules.

    Refuses a machine without the pinned Go and, naming the module, one that can't fetch a module. A build that was
    killed goes on where it stood: Go keeps every package it compiled.
    """
    toolchain = go_toolchain.find()
    finished = {module: _directory(module, toolchain) for module in modules}
    folder = _folder_of(finished)
    if not folder.is_dir():
        with _exclusive(progress):
            _build_missing(progress, toolchain, finished)
            _gather(finished, folder)
    return folder


def expected(modules: Sequence[Module]) -> tuple[Path, ...]:
    """Where a build of these modules puts its results, done or not."""
    toolchain = go_toolchain.find()
    finished = {module: _directory(module, toolchain) for module in modules}
    return (_folder_of(finished), *finished.values())


def _directory(module: Module, toolchain: GoToolchain) -> Path:
    return binary_cache() / f"{module.name}-{module.pin(toolchain.version)[:16]}"


def binary_cache() -> Path:
    """Where finished binaries lie."""
    return cache_directory() / "binaries"


def _exclusive(progress: Progress) -> FileLock:
    alone = lock("build")
    try:
        alone.acquire(blocking=False)
    except Timeout:
        progress.step("waiting for another build to finish", None, None, None)
    else:
        alone.release()
    return alone


def _build_missing(progress: Progress, toolchain: GoToolchain, finished: dict[Module, Path]) -> None:
    for abandoned in binary_cache().glob(f"*{UNFINISHED}"):
        shutil.rmtree(abandoned)
    missing = [module for module, directory in finished.items() if not directory.is_dir()]
    estimate = Estimate(missing)
    for module in missing:
        unfinished = finished[module].with_name(finished[module].name + UNFINISHED)
        unfinished.mkdir(parents=True)
        _compile(progress, toolchain, module, unfinished, estimate)
        unfinished.rename(finished[module])
        estimate.done += module.seconds


def _compile(progress: Progress, toolchain: GoToolchain, module: Module, destination: Path, estimate: Estimate) -> None:
    packages = _fetch(progress, toolchain, module, estimate)
    title = f"building {', '.join(module.binaries)}"
    lines = iter(range(1, packages))

    def heard(_: str) -> None:
        part = module.seconds * min(next(lines, packages) / packages, MOST_BEFORE_LINKING)
        progress.step(title, estimate.done + part, estimate.total, estimate.seconds_left(part))

    progress.step(title, estimate.done, estimate.total, estimate.seconds_left(0))
    _go(toolchain, module, ["build", "-v", *module.flags, "-o", f"{destination}/", *module.packages], heard)


def _fetch(progress: Progress, toolchain: GoToolchain, module: Module, estimate: Estimate) -> int:
    """Fetch the modules that are not in the module cache, and say how many packages there are to compile at most."""
    left = estimate.seconds_left(0)

    def heard(line: str) -> None:
        progress.step(f"fetching {line.rpartition('downloading ')[2]}", estimate.done, estimate.total, left)

    with tempfile.TemporaryFile("w+") as listed:
        _go(toolchain, module, ["list", "-deps", *module.flags, *module.packages], heard, listed)
        listed.seek(0)
        return max(len(listed.readlines()), 1)


def _go(
    toolchain: GoToolchain,
    module: Module,
    arguments: Sequence[str],
    heard: Callable[[str], None],
    output: IO[str] | None = None,
) -> None:
    """Run a go command in the module, handing on each line of its standard error as it comes."""
    said: list[str] = []
    with subprocess.Popen(
        [str(toolchain.program), *arguments],
        cwd=module.directory,
        env={**os.environ, **toolchain.environment()},
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        for line in process.stderr:
            said.append(line.strip())
            heard(line.strip())
    if process.returncode != 0:
        raise _failure(module, said)


def _failure(module: Module, said: Sequence[str]) -> MachineError:
    wanted = "of " + module.name
    for line in said:
        if found := DOWNLOADING.match(line):
            wanted = f"{found['path']}@{found['version']}"
        elif LOOKUP_DISABLED in line:
            return _not_fetched(wanted, line)
        elif found := FETCH_FAILURE.match(line):
            return _not_fetched(found["module"], found["reason"])
    return MachineError(
        "go failed:\n" + "\n".join(said[-MOST_LINES:]),
        code="FAL-BLD-003",
        where=f"falaj/localcluster/go/{module.name}",
        hint="free disk space if it is short (`falaj doctor`), then run the same command again",
    )


def _not_fetched(module: str, reason: str) -> MachineError:
    return MachineError(
        f"Go could not fetch it: {reason}",
        code="FAL-BLD-002",
        where=f"module {module}",
        hint="check the network and GOPROXY (`go env GOPROXY`), then run the same command again: "
        "what is fetched and compiled is kept",
    )


def _folder_of(finished: dict[Module, Path]) -> Path:
    """One folder for all, named after what is in it."""
    names = "\n".join(sorted(directory.name for directory in finished.values()))
    return binary_cache() / f"all-{hashlib.sha256(names.encode()).hexdigest()[:16]}"


def _gather(finished: dict[Module, Path], folder: Path) -> None:
    """Fill it with links to the folders of the modules."""
    if folder.is_dir():  # another process was faster
        return
    unfinished = folder.with_name(folder.name + UNFINISHED)
    unfinished.mkdir(parents=True)
    for module, directory in finished.items():
        for binary in module.binaries:
            (unfinished / binary).symlink_to(Path("..") / directory.name / binary)
    unfinished.rename(folder)
