"""Two plans of one stack compared: what an update from the first to the second would do to each resource.

The provider decides in an update; here its rules are asked instead, so that the answer needs neither state nor account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from falaj.engine import property_path
from falaj.engine import urn as urns
from falaj.engine.kubernetes.diff import compare, ignore, write_path
from falaj.engine.kubernetes.immutable import Immutable, Path, starts
from falaj.plan.model import UNKNOWN, Plan, PlannedResource

Replaces: TypeAlias = Callable[[PlannedResource, Path], bool]
"""Whether a change at this path of this resource can only be made by replacing it."""

_NOTHING = Immutable(())


class Effect(StrEnum):
    """What an update would do to a resource."""

    CREATE = "create"
    """Make it."""
    UPDATE = "update"
    """Change it in place."""
    REPLACE = "replace"
    """Make another in its place and delete it."""
    DELETE = "delete"
    """Delete it."""
    FORGET = "forget"
    """Leave it where it is and take it out of the state."""


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen to one resource, and why."""

    effect: Effect
    """What would be done."""
    resource: PlannedResource
    """The resource: as it will be, or, where it goes, as it is."""
    before: PlannedResource | None = None
    """The resource as it is; None for a new one."""
    changed: tuple[str, ...] = ()
    """Paths of the inputs that differ."""
    forced_by: tuple[str, ...] = ()
    """What forces a replacement: paths, or the resources whose own replacement does."""


def changes(before: Plan, after: Plan, replaces: Replaces) -> tuple[Change, ...]:
    """Return what an update from one plan to the other would do, by URN; resources that stay the same are left out."""
    former = dict(_matches(before, after))
    replaced = _replaced(before, after, former, replaces)
    found = [
        Change(Effect.FORGET if each.retain_on_delete else Effect.DELETE, each, each)
        for each in before
        if each.urn not in former.values() and not each.read
    ]
    for each in after:
        if each.read:
            continue
        old = before.by_urn.get(former.get(each.urn, ""))
        if old is None:
            found.append(Change(Effect.CREATE, each))
            continue
        changed = tuple(sorted(write_path(path) for path in _paths(old, each)))
        if each.urn in replaced:
            found.append(Change(Effect.REPLACE, each, old, changed, tuple(sorted(replaced[each.urn]))))
        elif changed or old.protect is not each.protect:
            found.append(Change(Effect.UPDATE, each, old, changed))
    return tuple(sorted(found, key=lambda change: change.resource.urn))


def _matches(before: Plan, after: Plan) -> Iterator[tuple[str, str]]:
    """Yield each resource of the second plan with the URN it has in the first, by its own, an alias or its parent's."""
    former: dict[str, str] = {}
    for each in after.below(""):
        for candidate in (each.urn, *each.aliases, *_inherited(each, former)):
            if candidate in before.by_urn:
                former[each.urn] = candidate
                yield each.urn, candidate
                break


def _inherited(resource: PlannedResource, former: Mapping[str, str]) -> Iterator[str]:
    """The URN under the parent's former one; a name made from the parent's name follows it."""
    parent = former.get(resource.parent, resource.parent)
    if parent != resource.parent:
        stack, project = parent.removeprefix("urn:pulumi:").split("::")[:2]
        suffix = resource.name.removeprefix(urns.name_of(resource.parent))
        name = resource.name if suffix == resource.name else urns.name_of(parent) + suffix
        yield urns.make(stack, project, parent, resource.type, name)


def _paths(old: PlannedResource, new: PlannedResource) -> Iterator[Path]:
    """Where the inputs differ. Two unknown values are the same one if they come from the same resources."""
    for change in ignore(compare(old.inputs, new.inputs, _NOTHING), new.ignore_changes):
        yield change.path
    ignored = [property_path.parse(text) for text in new.ignore_changes]
    for name, value in new.inputs.items():
        if old.inputs.get(name) != value or _origin(old, name) == _origin(new, name):
            continue
        for path in _unknown_paths((name,), value):
            if not any(starts(path, pattern) for pattern in ignored):
                yield path


def _origin(resource: PlannedResource, name: str) -> frozenset[tuple[str, str]]:
    """Types and names of what an input comes from: a parent that was renamed does not make it come from another."""
    return frozenset((urns.type_of(urn), urns.name_of(urn)) for urn in resource.property_dependencies.get(name, ()))


def _replaced(before: Plan, after: Plan, former: Mapping[str, str], replaces: Replaces) -> dict[str, frozenset[str]]:
    """Every resource that would be replaced, with what forces it: first by its inputs, then by what it stands on."""
    found: dict[str, frozenset[str]] = {}
    for urn, old_urn in former.items():
        old, new = before.by_urn[old_urn], after.by_urn[urn]
        paths = [path for path in _paths(old, new) if replaces(new, path) or _on_request(new, path)]
        if paths and new.custom and not new.read:
            found[urn] = frozenset(map(write_path, paths))
    while True:
        more = {
            urn: reasons
            for urn in former
            if urn not in found and (reasons := _forced(after.by_urn[urn], found, replaces))
        }
        if not more:
            return found
        found.update(more)


def _forced(resource: PlannedResource, replaced: Mapping[str, object], replaces: Replaces) -> frozenset[str]:
    """The replaced resources that force the replacement of one that stands on them."""
    if not resource.custom or resource.read:
        return frozenset()
    hosts = {resource.provider, resource.deleted_with, *resource.replace_with} & replaced.keys()
    for name, origin in resource.property_dependencies.items():
        moved = replaced.keys() & set(origin)
        if moved and any(replaces(resource, path) for path in _unknown_paths((name,), resource.inputs.get(name))):
            hosts |= moved
    return frozenset(hosts)


def _on_request(resource: PlannedResource, path: Path) -> bool:
    return any(starts(path, property_path.parse(text)) for text in resource.replace_on_changes)


def _unknown_paths(path: Path, value: Any) -> Iterator[Path]:  # noqa: ANN401 - JSON
    if value == UNKNOWN:
        yield path
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _unknown_paths((*path, name), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unknown_paths((*path, index), inner)
