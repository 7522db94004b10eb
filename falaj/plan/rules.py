"""Which changes replace a resource, by what is known of its provider: no account and no cluster is asked."""

from __future__ import annotations

from functools import cache

from falaj.engine import urn as urns
from falaj.engine.kubernetes.immutable import IDENTITY, Path, immutable, starts
from falaj.engine.kubernetes.kinds import GroupKind, TypeToken, group_of
from falaj.plan.model import PlannedResource
from falaj.standin.differences import replacing_inputs

CLOUDS = frozenset({"aws", "azure-native"})
"""Packages whose rules the stand-in knows."""

PROVIDERS = {"pulumi:providers:kubernetes": (("clusterIdentifier",),)}
"""What of a provider's settings leads elsewhere, so that all it made is replaced."""


def replaces(resource: PlannedResource, path: Path) -> bool:
    """Tell whether a change at this path can only be made by replacing the resource."""
    package = urns.package_of(resource.type)
    if package == "kubernetes":
        return _replaces_object(resource, path)
    fixed = _fixed(resource.type) if package in CLOUDS else PROVIDERS.get(resource.type, ())
    names = tuple(step for step in path if isinstance(step, str))
    return any(starts(names, each) or starts(each, names) for each in fixed)


@cache
def _fixed(token: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(text.replace("[]", "").split(".")) for text in replacing_inputs(token))


def _replaces_object(resource: PlannedResource, path: Path) -> bool:
    token = TypeToken.parse(resource.type)
    kind = GroupKind(group_of(token.api_version), token.kind)
    if path[:1] == ("apiVersion",):
        return False
    frozen = resource.inputs.get("immutable") is True
    content = immutable(kind, frozen=frozen, secret_mutable=False, config_map_mutable=False)
    return IDENTITY.covers(path) or content.covers(path)
