"""Whose something is: the tenant that labels and tags name, and what lies in a tenant's namespace."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from policies.joins import Companions
from policies.resources import Plan, Resource, type_of
from policies.workloads.kinds import NAMESPACE

SYSTEM_NAMESPACES: Final = ("kube-system", "kube-public", "kube-node-lease")
"""The namespaces that a cluster makes for itself; nobody else's is `default`."""
DEFAULT_NAMESPACE: Final = "default"
TENANT_NAME: Final = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class _Members:
    """The objects of one kind by the namespace they lie in, so that a stack is read once for all namespaces."""

    by_name: dict[object, list[Resource]] = field(default_factory=dict)
    by_origin: dict[str, list[Resource]] = field(default_factory=dict)
    """Those whose namespace the cluster has not named yet, by what it is made from."""
    named: list[Resource] = field(default_factory=list)
    nameless: list[Resource] = field(default_factory=list)


def members(namespace: Resource, plan: Plan, token: str) -> Companions:
    """Find the objects of a kind in a namespace.

    While the cluster has not named the namespace yet, what was made from it belongs to it.
    """
    found = plan.index((_Members, token), lambda: _members(plan, token))
    name = namespace["metadata"]["name"].value
    made_from_it = found.by_origin.get(namespace.urn, [])
    if isinstance(name, str):
        return Companions((*found.by_name.get(name, ()), *made_from_it), tuple(found.nameless))
    return Companions(tuple(made_from_it), (*found.named, *found.nameless))


def _members(plan: Plan, token: str) -> _Members:
    found = _Members()
    for each in plan.of_type(token):
        wanted = each["metadata"]["namespace"]
        if wanted.known:
            found.named.append(each)
            found.by_name.setdefault(wanted.value, []).append(each)
            continue
        origins = [urn for urn in each.property_dependencies.get("metadata", ()) if type_of(urn) == NAMESPACE]
        for urn in origins[:1] if len(origins) == 1 else ():
            found.by_origin.setdefault(urn, []).append(each)
        if len(origins) != 1:
            found.nameless.append(each)
    return found
