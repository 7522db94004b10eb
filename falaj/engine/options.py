"""What may be asked of the engine, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from falaj.engine.events import EnforcementLevel, Event, Listener, Step, StepOp, Violation
from falaj.engine.resource_state import ResourceState


def _ignore(_event: Event) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a preview, update or destroy."""

    config: Mapping[str, str] = field(default_factory=dict)
    """Configuration values that win over the stack file's, keyed ``namespace:name``."""

    policy_packs: tuple[Path, ...] = ()
    """Directories of the policy packs that judge the plan."""

    listener: Listener = _ignore
    """Told what happens as it happens."""

    parallel: int = 8
    """Most steps at once."""

    offline: bool = False
    """Preview without reaching any cluster; refused for anything that changes resources. What a stack that is not
    deployed would give to those that refer to it is then unknown."""

    providers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """How the providers of further packages are started: a command, which prints the port it serves on, by package."""

    state_directory: Path | None = None
    """Where state files lie; ``.falaj/state`` beside Pulumi.yaml when None."""

    policy_timeout: float = 60.0
    """Seconds that a policy pack may take to start or to answer once before it counts as failed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a preview, update or destroy came to."""

    steps: tuple[Step, ...]
    """What was, or would be, done to each resource, in the order it was finished."""

    outputs: dict[str, Any]
    """The stack's outputs; secrets masked, unknown ones None."""

    violations: tuple[Violation, ...]
    """Every verdict of a policy against a resource."""

    summary: dict[StepOp, int]
    """How many resources each thing was done to; zero counts are left out."""

    seconds: float
    """How long it took."""

    asked: tuple[ResourceState, ...] = ()
    """Every resource that the program asked for, in that order, with the inputs it gave: not yet named or completed by
    a provider, unknowns and secrets as they are. Empty for a destroy."""

    @property
    def stopping(self) -> tuple[Violation, ...]:
        """The verdicts that stop an update."""
        return tuple(
            violation
            for violation in self.violations
            if violation.level in (EnforcementLevel.MANDATORY, EnforcementLevel.REMEDIATE)
        )
