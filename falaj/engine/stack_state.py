"""What can be asked of a stack without running it: its outputs, its whole state, and which stacks there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from falaj.engine import urn as urns
from falaj.engine.project import Project
from falaj.engine.provider import ProviderError
from falaj.engine.resource_state import value_from_json
from falaj.engine.state_store import StateStore
from falaj.engine.values import UNKNOWN, PropertyMap, Unknown, plain
from falaj.errors import StateError


@dataclass(frozen=True, slots=True)
class StackSummary:
    """A stack as a list shows it."""

    name: str
    """The stack's name."""

    deployed: bool
    """Whether it has a state."""

    resources: int
    """How many resources its state holds."""

    updated: str
    """When its state was last written; empty when it has none."""


def stacks(project: Project, state_directory: Path | None = None) -> list[StackSummary]:
    """Every stack that has a stack file or a state, by name."""
    directory = state_directory or project.default_state_directory
    deployed = {
        file.stem for file in (directory / project.name).glob("*.json") if not file.name.endswith(".owner.json")
    }
    return [_summary(directory, project.name, name) for name in sorted(deployed | set(project.stacks()))]


def stack_outputs(
    project: Project, stack: str, *, show_secrets: bool = False, state_directory: Path | None = None
) -> dict[str, Any]:
    """The stack's outputs, secrets masked unless asked for. Refuses a stack that is not deployed."""
    store = _deployed(project, stack, state_directory)
    shown: dict[str, Any] = plain(read_outputs(store), show_secrets=show_secrets)
    return shown


def export(project: Project, stack: str, state_directory: Path | None = None) -> dict[str, Any]:
    """The state as ``pulumi stack export`` gives it, secrets encrypted. Refuses a stack that is not deployed."""
    return _deployed(project, stack, state_directory).document()


def set_aside(project: Project, stack: str, state_directory: Path | None = None) -> Path:
    """Move the state of a stack whose cluster is gone to a dated file beside it, and say which; refuses a locked one.

    Without this the next update would take resources that went with their cluster for still there.
    """
    store = _deployed(project, stack, state_directory)
    with store.locked():
        kept = store.file.with_suffix(f".{datetime.now(UTC):%Y%m%dT%H%M%S%f}.gone")
        store.file.rename(kept)
    return kept


def read_outputs(store: StateStore) -> PropertyMap:
    """The outputs in a stack's state."""
    secrets = store.secrets()
    for entry in store.document()["deployment"].get("resources") or []:
        if entry.get("type") == urns.ROOT_STACK_TYPE:
            outputs = entry.get("outputs") or {}
            return PropertyMap({name: value_from_json(value, secrets) for name, value in outputs.items()})
    return PropertyMap()


def referenced_outputs(directory: Path, project: str, name: str, *, offline: bool = False) -> PropertyMap | Unknown:
    """The outputs that a reference ``[organization/][project/]stack`` names.

    A stack that is not deployed has unknown outputs when offline; else it raises ``ProviderError``.
    """
    parts = name.split("/")
    stack = parts[-1]
    of_project = parts[-2] if len(parts) > 1 else project
    store = StateStore(directory, of_project, stack)
    if offline and not store.exists():
        return UNKNOWN
    if not store.exists():
        known = sorted(file.stem for file in (directory / of_project).glob("*.json"))
        raise ProviderError(
            f"the stack {stack} of the project {of_project} is not deployed (deployed: {', '.join(known) or 'none'}); "
            f"run `falaj up -s {stack}` first"
        )
    return read_outputs(store)


def _deployed(project: Project, stack: str, state_directory: Path | None) -> StateStore:
    directory = state_directory or project.default_state_directory
    store = StateStore(directory, project.name, stack)
    if not store.exists():
        raise StateError(
            f"The stack {stack} is not deployed.",
            code="FAL-ENG-216",
            where=str(store.file),
            hint=f"run `falaj up -s {stack}` first.",
        )
    return store


def _summary(directory: Path, project: str, name: str) -> StackSummary:
    store = StateStore(directory, project, name)
    if not store.exists():
        return StackSummary(name, deployed=False, resources=0, updated="")
    deployment = store.document()["deployment"]
    updated = deployment.get("manifest", {}).get("time", "")
    return StackSummary(name, deployed=True, resources=len(deployment.get("resources") or []), updated=updated)
