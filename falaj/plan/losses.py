"""The sentences that stop a change: what would delete or replace something protected or stateful, and why."""

from __future__ import annotations

from collections.abc import Iterable

from falaj.engine import urn as urns
from falaj.plan.comparison import Change, Effect
from falaj.plan.stateful import STATEFUL

_KEEP = "keep its name and parent, or add an alias"


def losses(changes: Iterable[Change]) -> list[str]:
    """Return one sentence for each change that would lose something protected or stateful, or unprotect it."""
    return [sentence for change in changes for sentence in _sentences(change)]


def _sentences(change: Change) -> list[str]:
    old = change.before
    if old is None:
        return []
    kind = "protected" if old.protect else "stateful" if old.type in STATEFUL else ""
    what = f"{kind} {old.type} {old.name}"
    if kind and change.effect in (Effect.DELETE, Effect.FORGET):
        return [f"this would {change.effect.value} {what} as nothing asks for it: {_KEEP}"]
    if kind and change.effect is Effect.REPLACE:
        return [f"this would replace {what} because {_reason(change)}"]
    if old.protect and not change.resource.protect:
        return [f"this would take the protection off {old.type} {old.name}"]
    return []


def _reason(change: Change) -> str:
    hosts = [f"{urns.name_of(reason)} is replaced" for reason in change.forced_by if urns.is_valid(reason)]
    paths = [reason for reason in change.forced_by if not urns.is_valid(reason)]
    if paths:
        hosts.insert(0, f"{', '.join(paths)} changed")
    return " and ".join(hosts)
