"""What happens during a preview, update or destroy, told to a listener as it happens."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


class StepOp(enum.StrEnum):
    """What is done to a resource."""

    CREATE = "create"
    """It is new."""

    UPDATE = "update"
    """It is changed in place."""

    REPLACE = "replace"
    """A new one takes its place."""

    DELETE = "delete"
    """It is removed."""

    SAME = "same"
    """It stays as it is."""

    READ = "read"
    """It is looked up; its life is not ours."""


class PassKind(enum.StrEnum):
    """Which walk over the resources is running."""

    PREVIEW = "preview"
    """Nothing is changed."""

    UPDATE = "update"
    """Resources are changed and the state written."""

    DESTROY = "destroy"
    """Resources are removed and the state written."""


class Severity(enum.StrEnum):
    """How loud a message is."""

    DEBUG = "debug"
    """For whoever looks for a fault in the engine or a provider."""

    INFO = "info"
    """Printed or logged by the program."""

    WARNING = "warning"
    """Worth reading."""

    ERROR = "error"
    """Something failed."""


class EnforcementLevel(enum.StrEnum):
    """What a policy's verdict does."""

    ADVISORY = "advisory"
    """It is shown."""

    MANDATORY = "mandatory"
    """It stops the update."""

    REMEDIATE = "remediate"
    """It mends the resource; what it cannot mend stops the update."""

    DISABLED = "disabled"
    """It is not asked."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done, or to be done, to one resource."""

    op: StepOp
    """What is done."""

    urn: str
    """To which resource."""

    type: str
    """The resource's type."""

    name: str
    """The resource's logical name."""

    parent: str = ""
    """URN of the resource it belongs to."""

    id: str = ""
    """The provider's identifier, once known."""

    changed: tuple[str, ...] = ()
    """Properties that differ, for an update or replacement."""

    replaced_by: tuple[str, ...] = ()
    """Properties that force a replacement."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A policy's verdict on a resource."""

    policy: str
    """The policy's name."""

    urn: str
    """The resource it is about; the stack for a verdict on the whole."""

    level: EnforcementLevel
    """What the verdict does."""

    message: str
    """What was found, as the policy pack words it."""

    pack: str = ""
    """The policy pack's name."""

    description: str = ""
    """What the policy is for."""

    severity: str = ""
    """low, medium, high or critical, where the pack says so."""


@dataclass(frozen=True, slots=True)
class PassStarted:
    """A walk over the resources began."""

    kind: PassKind
    """Which one."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step began."""

    step: Step
    """The step."""


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step succeeded."""

    step: Step
    """The step, with what is now known."""

    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed, or could not begin; the resources that depend on it are left out."""

    urn: str
    """The resource."""

    message: str
    """Why."""


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A resource was left out because one it depends on failed."""

    urn: str
    """The resource."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message from the program, a provider, a policy pack or the engine."""

    severity: Severity
    """How loud it is."""

    message: str
    """The text."""

    urn: str = ""
    """The resource it is about, if any."""


@dataclass(frozen=True, slots=True)
class PolicyViolated:
    """A policy gave a verdict against a resource."""

    violation: Violation
    """The verdict."""


@dataclass(frozen=True, slots=True)
class PolicyRemediated:
    """A policy mended a resource's properties."""

    policy: str
    """The policy's name."""

    urn: str
    """The resource."""

    description: str
    """What the policy is for."""


@dataclass(frozen=True, slots=True)
class PassFinished:
    """A walk over the resources ended."""

    kind: PassKind
    """Which one."""

    summary: dict[StepOp, int]
    """How many resources each thing was done to."""

    outputs: dict[str, Any]
    """The stack's outputs, secrets masked."""

    seconds: float
    """How long it took."""

    failed: bool
    """Whether anything failed."""


Event: TypeAlias = (
    PassStarted
    | StepStarted
    | StepFinished
    | StepFailed
    | StepSkipped
    | Diagnostic
    | PolicyViolated
    | PolicyRemediated
    | PassFinished
)
"""Anything a listener may be told."""

Listener: TypeAlias = Callable[[Event], None]
"""What is told; called from several threads, one call at a time."""
