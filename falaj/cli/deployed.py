"""What is deployed, as the engine in use knows it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from falaj import engine
from falaj.cli.pulumi_cli import pulumi_cli, read_pulumi

STATE_DIRECTORY = "FALAJ_STATE_DIRECTORY"
"""Environment variable: where the embedded engine keeps state, ``.falaj/state`` if unset."""


def state_directory() -> Path | None:
    """Where the embedded engine is told to keep state; None for its own choice."""
    chosen = os.environ.get(STATE_DIRECTORY)
    return Path(chosen).absolute() if chosen else None


def names(root: Path) -> list[str]:
    """Names of the stacks that have state."""
    program = pulumi_cli()
    if program is not None:
        listed = json.loads(read_pulumi(program, root, ["stack", "ls", "--json"]))
        return [entry["name"].rpartition("/")[2] for entry in listed]
    known = engine.stacks(engine.Project.load(root), state_directory=state_directory())
    return [stack.name for stack in known if stack.deployed]


def outputs_of(root: Path, stack: str, *, show_secrets: bool = False) -> dict[str, Any]:
    """Outputs of a deployed stack; secrets masked unless asked for."""
    program = pulumi_cli()
    if program is not None:
        arguments = ["stack", "output", "--json", "--stack", stack]
        found: dict[str, Any] = json.loads(
            read_pulumi(program, root, [*arguments, "--show-secrets"] if show_secrets else arguments)
        )
        return found
    project = engine.Project.load(root)
    return engine.stack_outputs(project, stack, show_secrets=show_secrets, state_directory=state_directory())


def exported(root: Path, stack: str) -> dict[str, Any]:
    """A stack's state, as `pulumi stack export` prints it."""
    program = pulumi_cli()
    if program is not None:
        found: dict[str, Any] = json.loads(read_pulumi(program, root, ["stack", "export", "--stack", stack]))
        return found
    return engine.export(engine.Project.load(root), stack, state_directory=state_directory())
