"""A project on disk, a fake cloud over gRPC, and programs that run for real in their own process."""

from __future__ import annotations

import itertools
import os
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from falaj.engine import Event, Options, Project, Result, destroy, passphrase, preview, up
from falaj.engine.state_store import StateStore
from tests.engine.fake_provider import World, serve

PROGRAMS = Path(__file__).with_name("programs")
SECONDS = itertools.count(1_000_000_000)
"""When each program was written, by its file: no two in the same second."""


@dataclass
class Workbench:
    """A project in a temporary directory and what happened to it."""

    root: Path
    world: World
    events: list[Event] = field(default_factory=list)
    packs: tuple[Path, ...] = ()

    def program(self, source: str, name: str = "stacks") -> None:
        """Write the stack program."""
        directory = self.root / name
        directory.mkdir(exist_ok=True)
        header = (
            f"import sys; sys.path.insert(0, {str(PROGRAMS)!r})\nimport pulumi\nfrom things import Box, Fake, Thing\n"
        )
        file = directory / "__main__.py"
        file.write_text(header + textwrap.dedent(source), encoding="utf-8")
        # Python takes a program of the same size and second for the one it compiled before.
        os.utime(file, times=(next(SECONDS), next(SECONDS)))

    def stack_file(self, text: str, stack: str = "dev") -> None:
        """Write a stack's configuration."""
        (self.root / "config" / f"Pulumi.{stack}.yaml").write_text(textwrap.dedent(text), encoding="utf-8")

    @property
    def project(self) -> Project:
        """The project as the engine reads it."""
        return Project.load(self.root)

    def options(self, config: Mapping[str, str] | None = None, policy_timeout: float = 60.0) -> Options:
        """Options that note every event."""
        return Options(
            config=config or {},
            listener=self.events.append,
            policy_packs=self.packs,
            policy_timeout=policy_timeout,
        )

    def preview(self, stack: str = "dev", config: Mapping[str, str] | None = None) -> Result:
        return preview(self.project, stack, self.options(config))

    def up(self, stack: str = "dev", config: Mapping[str, str] | None = None, policy_timeout: float = 60.0) -> Result:
        return up(self.project, stack, self.options(config, policy_timeout))

    def destroy(self, stack: str = "dev") -> Result:
        return destroy(self.project, stack, self.options())

    def store(self, stack: str = "dev") -> StateStore:
        """The stack's state on disk."""
        return StateStore(self.project.default_state_directory, "test", stack)

    def resources(self, stack: str = "dev") -> dict[str, dict[str, Any]]:
        """Entries of the state file by logical name; a copy that waits for deletion has ``(old)`` added."""
        entries = self.store(stack).document()["deployment"]["resources"]
        return {
            entry["urn"].rpartition("::")[2] + (" (old)" if entry.get("delete") else ""): entry for entry in entries
        }

    def told(self, kind: type[Event]) -> list[Any]:
        """Events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture(scope="session")
def fake_cloud() -> Iterator[tuple[World, int]]:
    """One running fake provider for the whole session."""
    world = World()
    server, port = serve(world)
    yield world, port
    server.stop(0).wait()


@pytest.fixture
def bench(
    tmp_path: Path,
    fake_cloud: tuple[World, int],
    monkeypatch: pytest.MonkeyPatch,
    quick_programs: None,
) -> Workbench:
    """A fresh project with an empty fake cloud."""
    del quick_programs
    world, port = fake_cloud
    world.reset()
    monkeypatch.setenv("PULUMI_DEBUG_PROVIDERS", f"fake:{port}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
    monkeypatch.setattr(passphrase, "ITERATIONS", 1000)
    root = tmp_path / "project"
    (root / "config").mkdir(parents=True)
    (root / "stacks").mkdir()
    (root / "Pulumi.yaml").write_text(
        "name: test\nruntime: python\nmain: stacks\nstackConfigDir: config\n", encoding="utf-8"
    )
    workbench = Workbench(root, world)
    workbench.stack_file("config: {}\n")
    return workbench
