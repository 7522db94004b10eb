"""Failures on order: what a cloud does on a bad day, so that it can be seen what follows from it.

``FALAJ_STANDIN_FAULTS`` holds entries such as ``throttle(times=2,seconds=0.1)@*::main-nodes``, separated by ``;``: a
kind, and after ``@`` a pattern of URNs in which ``*`` stands for anything.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from falaj.errors import ConfigurationError, DeploymentError

VARIABLE = "FALAJ_STANDIN_FAULTS"
"""Environment variable that orders failures."""

PATIENCE = 3
"""How often a provider asks again when it is throttled."""

_ENTRY = re.compile(r"(\w+)(?:\((.*)\))?@(.+)")


class FaultKind(StrEnum):
    """A way to fail."""

    THROTTLE = "throttle"
    """The cloud asks to come back later; the provider does, as long as its patience lasts."""
    QUOTA = "quota"
    """The account may not have more of it. Nothing is made."""
    CAPACITY = "capacity"
    """The cloud has no more of it. Nothing is made."""
    PARTIAL = "partial"
    """It is made and does not become ready."""
    TIMEOUT = "timeout"
    """It is made and not ready within the time allowed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry."""

    kind: FaultKind
    pattern: str
    times: int
    """How often it happens to the same resource; 0 for always."""

    seconds: float
    """How long a throttled provider is told to wait; how long a timeout takes."""


_TIMES = {FaultKind.THROTTLE: 1, FaultKind.PARTIAL: 1, FaultKind.TIMEOUT: 1}
_REASONS = {
    ("aws", FaultKind.THROTTLE): "ThrottlingException: Rate exceeded",
    ("aws", FaultKind.QUOTA): "LimitExceededException: the quota of the account is used up",
    (
        "aws",
        FaultKind.CAPACITY,
    ): "InsufficientInstanceCapacity: there is no capacity in the Availability Zone you requested",
    ("azure-native", FaultKind.THROTTLE): "TooManyRequests: the request was throttled",
    ("azure-native", FaultKind.QUOTA): "QuotaExceeded: the operation exceeds the approved quota of the subscription",
    (
        "azure-native",
        FaultKind.CAPACITY,
    ): "AllocationFailed: there is not sufficient capacity for the requested size in this zone",
}
_PARTIAL_REASONS = {
    FaultKind.PARTIAL: "it was created and its state is FAILED",
    FaultKind.TIMEOUT: "timeout while waiting for it to become ready, last state CREATING",
}
_HINTS = {
    FaultKind.THROTTLE: "run the command again; fewer steps at once help.",
    FaultKind.QUOTA: "ask for a higher quota; `falaj preflight` lists what a stack needs.",
    FaultKind.CAPACITY: "choose another size or zone; `falaj preflight` lists what is sold where.",
}


@dataclass
class Faults:
    """The ordered failures, and how often each has happened."""

    entries: tuple[Fault, ...] = ()
    _happened: Counter[tuple[int, str]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def parse(cls, text: str) -> Faults:
        """The failures that a text orders. Refuses one that it does not understand."""
        return cls(tuple(_fault(entry.strip()) for entry in text.split(";") if entry.strip()))

    def next(self, urn: str) -> Fault | None:
        """The failure that happens to this resource now."""
        for index, fault in enumerate(self.entries):
            if not fnmatchcase(urn, fault.pattern):
                continue
            with self._lock:
                happened = self._happened[index, urn] = self._happened[index, urn] + 1
            if not fault.times or happened <= fault.times:
                return fault
        return None

    def strike(self, package: str, urn: str, cancelled: threading.Event) -> str:
        """Let happen what was ordered before a resource is made.

        Returns why it will not become ready, empty when it will. Raises ``DeploymentError`` when nothing is made.
        """
        throttled = 0
        while (fault := self.next(urn)) is not None:
            if fault.kind in _PARTIAL_REASONS:
                cancelled.wait(fault.seconds if fault.kind is FaultKind.TIMEOUT else 0)
                return _PARTIAL_REASONS[fault.kind]
            if fault.kind is not FaultKind.THROTTLE:
                raise _failed(package, urn, fault, "")
            throttled += 1
            if throttled > PATIENCE:
                raise _failed(
                    package, urn, fault, f"; asked {throttled} times, each time told to wait {fault.seconds:g} s"
                )
            cancelled.wait(fault.seconds)
        return ""


def _failed(package: str, urn: str, fault: Fault, more: str) -> DeploymentError:
    reason = _REASONS.get((package, fault.kind), fault.kind.value)
    return DeploymentError(f"{reason}{more}.", code="FAL-STD-011", where=urn, hint=_HINTS[fault.kind])


def _fault(entry: str) -> Fault:
    found = _ENTRY.fullmatch(entry)
    if found is None or found[1] not in list(FaultKind):
        raise _wrong(entry)
    kind = FaultKind(found[1])
    given: dict[str, float] = {"times": _TIMES.get(kind, 0), "seconds": 0.05}
    for pair in filter(None, (found[2] or "").split(",")):
        name, _, value = pair.strip().partition("=")
        if name not in given or re.fullmatch(r"\d+(\.\d+)?", value) is None:
            raise _wrong(entry)
        given[name] = float(value)
    return Fault(kind, found[3], int(given["times"]), given["seconds"])


def _wrong(entry: str) -> ConfigurationError:
    return ConfigurationError(
        f"{entry!r} orders no failure; the kinds are {', '.join(FaultKind)}.",
        code="FAL-STD-010",
        where=VARIABLE,
        hint="write it as `kind@pattern` or `kind(times=2,seconds=0.1)@pattern`, several separated by `;`.",
    )
