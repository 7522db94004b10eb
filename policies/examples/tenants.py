"""Builders for the examples of controls: a tenant's namespace and what bounds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from falaj.catalog.labels import PLATFORM_ROLE, ROLE, TENANT
from policies.examples.kubernetes import LABELS, metadata, namespace, without_none
from policies.examples.pools import urn
from policies.ownership.store_keys import ALIAS, CONFIGURATIONS
from policies.resources import Resource, resource
from policies.values import UNKNOWN

QUOTA: Final = "kubernetes:core/v1:ResourceQuota"
LIMITS: Final = "kubernetes:core/v1:LimitRange"
CONFIGURATION: Final = CONFIGURATIONS[0]
HARD: Final = {"requests.cpu": "4", "requests.memory": "8Gi", "limits.cpu": "8", "limits.memory": "8Gi", "pods": "20"}


def room(tenant: object = "acme", **meta: object) -> Resource:
    """Make the namespace of a tenant."""
    return namespace(**{"labels": LABELS | without_none({TENANT: tenant})} | meta)


def platform_room() -> Resource:
    """Make a namespace that serves every tenant."""
    return namespace(labels=LABELS | {ROLE: PLATFORM_ROLE})


def quota(hard: object = None, *, inside: object = "acme", made_from: Sequence[Resource] = ()) -> Resource:
    """Make a quota of everything."""
    return resource(
        QUOTA,
        {"metadata": metadata(name="quota", namespace=inside), "spec": {"hard": HARD if hard is None else hard}},
        urn=urn(QUOTA, "quota"),
        property_dependencies={"metadata": [each.urn for each in made_from]},
    )


def limit(**properties: object) -> dict[str, Any]:
    """Describe what a container gets that asks for nothing."""
    most, usual = {"cpu": "1", "memory": "512Mi"}, {"cpu": "100m", "memory": "256Mi"}
    return without_none({"type": "Container", "default": most, "defaultRequest": usual} | properties)


def limits(*given: object, inside: object = "acme", made_from: Sequence[Resource] = ()) -> Resource:
    """Make the limits of containers."""
    return resource(
        LIMITS,
        {"metadata": metadata(name="limits", namespace=inside), "spec": {"limits": list(given) or [limit()]}},
        urn=urn(LIMITS, "limits"),
        property_dependencies={"metadata": [each.urn for each in made_from]},
    )


def in_provider(namespace: object, found: Resource) -> Resource:
    """Return an object whose provider puts all that names no namespace into one."""
    return replace(found, provider=resource("pulumi:providers:kubernetes", without_none({"namespace": namespace})))


def of_tenant(token: str, tenant: object = "acme", *, label: str = "example", **properties: object) -> Resource:
    """Make a resource of the cloud that is tagged with its tenant."""
    return resource(token, {"tags": without_none({"tenant": tenant})} | properties, urn=urn(token, label))


def encryption(
    key: object = UNKNOWN, *, store: object = "acme-models", by: Sequence[Resource] = (), token: str = CONFIGURATION
) -> Resource:
    """Make what says with which key a bucket is encrypted."""
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}}
    return resource(
        token,
        {"bucket": store, "rules": [rule]},
        urn=urn(token, "encryption"),
        property_dependencies={"rules": [each.urn for each in by]},
    )


def alias(of: Resource) -> Resource:
    """Make a name for a key."""
    found = {"targetKeyId": [of.urn]}
    return resource(ALIAS, {"targetKeyId": UNKNOWN}, urn=f"{of.urn}-alias", property_dependencies=found)
