"""One pass over the resources of a stack: what was, what is, what went wrong, and who is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from falaj.engine import urn as urns
from falaj.engine.events import (
    Diagnostic,
    EnforcementLevel,
    Event,
    Listener,
    PassKind,
    PolicyViolated,
    Severity,
    Step,
    StepFailed,
    StepFinished,
    StepOp,
    StepSkipped,
    StepStarted,
    Violation,
)
from falaj.engine.journal import Journal
from falaj.engine.provider import ProviderError
from falaj.engine.resource_state import ResourceState
from falaj.engine.stack_settings import StackSettings
from falaj.engine.state_store import Snapshot
from falaj.errors import FalajError


class ResourceError(Exception):
    """Something about one resource failed; the text is for the user."""

    def __init__(self, message: str, described: FalajError | None = None) -> None:
        super().__init__(message)
        self.described = described

    @classmethod
    def of(cls, error: ProviderError) -> ResourceError:
        """The failure of a resource whose provider refused or failed."""
        return cls(str(error), error.described)


class Emitter:
    """Tells the listener, one event at a time."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Tell the listener."""
        with self._lock:
            self._listener(event)

    def diagnostic(self, severity: Severity, message: str, urn: str = "") -> None:
        """Tell the listener a message."""
        self(Diagnostic(severity, message, urn))


@dataclass(frozen=True, slots=True)
class Target:
    """The stack that a pass is about."""

    project: str
    """The project's name."""

    stack: str
    """The stack's name."""

    settings: StackSettings
    """Its configuration."""

    @property
    def root_urn(self) -> str:
        """URN of the resource that stands for the stack."""
        return urns.make(self.stack, self.project, "", urns.ROOT_STACK_TYPE, f"{self.project}-{self.stack}")

    def urn(self, parent: str, type_token: str, name: str) -> str:
        """URN of a resource of this stack."""
        return urns.make(self.stack, self.project, parent, type_token, name)


@dataclass(slots=True)
class Record:
    """What a pass has come to so far. Guarded by the deployment's lock."""

    claimed: set[str] = field(default_factory=set)
    """URNs that the program has registered."""

    news: dict[str, ResourceState] = field(default_factory=dict)
    """Resources as they are after their step."""

    failed: dict[str, ResourceError] = field(default_factory=dict)
    """Resources that failed, with why."""

    skipped: set[str] = field(default_factory=set)
    """Resources left out because of one that failed."""

    replaced: set[str] = field(default_factory=set)
    """Resources that are being replaced."""

    deleted: set[str] = field(default_factory=set)
    """Resources that were deleted, or will be at the end."""

    steps: list[Step] = field(default_factory=list)
    """What was done, in order."""

    violations: list[Violation] = field(default_factory=list)
    """Verdicts of the policy packs."""


class Deployment:
    """The shared memory of one pass."""

    def __init__(
        self, target: Target, kind: PassKind, snapshot: Snapshot, journal: Journal, *, emit: Emitter, parallel: int
    ) -> None:
        self.target = target
        self.kind = kind
        self.emit = emit
        self.journal = journal
        self.olds = {state.urn: state for state in snapshot.resources if not state.pending_deletion}
        self.snapshot = snapshot
        self.record = Record()
        self.lock = threading.RLock()
        self.cancelled = threading.Event()
        self.slots = threading.BoundedSemaphore(max(1, parallel))
        self._parallel = max(1, parallel)
        self.fatal: FalajError | None = None

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be changed."""
        return self.kind is PassKind.PREVIEW

    def has_failed(self) -> bool:
        """Whether anything went wrong so far."""
        with self.lock:
            return bool(self.record.failed) or self.fatal is not None or self.cancelled.is_set()

    def abort(self, error: FalajError) -> None:
        """Stop the whole pass: what is running ends, nothing more begins."""
        with self.lock:
            self.fatal = self.fatal or error
        self.cancelled.set()

    def wait_until_idle(self) -> None:
        """Return once no step is running any more."""
        for _ in range(self._parallel):
            self.slots.acquire()
        for _ in range(self._parallel):
            self.slots.release()

    def fail(self, urn: str, error: ResourceError) -> None:
        """Note that a resource failed."""
        with self.lock:
            self.record.failed.setdefault(urn, error)
        self.emit(StepFailed(urn, str(error)))

    def skip(self, urn: str) -> None:
        """Note that a resource is left out."""
        with self.lock:
            self.record.skipped.add(urn)
        self.emit(StepSkipped(urn))

    def broken_dependency(self, names: set[str]) -> bool:
        """Whether any of these URNs failed or was left out."""
        with self.lock:
            return bool(names & (self.record.failed.keys() | self.record.skipped))

    def violated(self, violation: Violation) -> None:
        """Note a policy's verdict."""
        with self.lock:
            self.record.violations.append(violation)
        self.emit(PolicyViolated(violation))

    def stopping_violations(self, urn: str = "") -> list[Violation]:
        """The verdicts that stop an update, of one resource or of all."""
        with self.lock:
            return [
                violation
                for violation in self.record.violations
                if violation.level in (EnforcementLevel.MANDATORY, EnforcementLevel.REMEDIATE)
                and urn in ("", violation.urn)
            ]

    def perform(self, step: Step, action: Callable[[], Step], *, silent: bool = False) -> None:
        """Run one step and tell about it; the engine's own default providers pass in silence."""
        if silent or urns.is_default_provider(step.urn):
            action()
            return
        self.emit(StepStarted(step))
        started = time.monotonic()
        finished = action()
        with self.lock:
            self.record.steps.append(finished)
        self.emit(StepFinished(finished, time.monotonic() - started))

    def summary(self) -> dict[StepOp, int]:
        """How many resources each thing was done to."""
        with self.lock:
            operations = [step.op for step in self.record.steps]
        return {operation: operations.count(operation) for operation in StepOp if operation in operations}
