"""Which identity of a cloud each service account of a stack is given, however that is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies.node import Node
from policies.resources import Plan, Resource, type_of

ROLE: Final = "aws:iam/role:Role"
IDENTITY: Final = "azure-native:managedidentity:UserAssignedIdentity"
SERVICE_ACCOUNTS: Final = ("kubernetes:core/v1:ServiceAccount", "kubernetes:core/v1:ServiceAccountPatch")
ASSOCIATION: Final = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ADDON: Final = "aws:eks/addon:Addon"
FEDERATION: Final = "azure-native:managedidentity:FederatedIdentityCredential"
GRANTING: Final = (*SERVICE_ACCOUNTS, ASSOCIATION, ADDON, FEDERATION)
"""Every type that gives a service account an identity."""
ROLE_ANNOTATION: Final = "eks.amazonaws.com/role-arn"
CLIENT_ANNOTATION: Final = "azure.workload.identity/client-id"
SUBJECT: Final = re.compile(r"system:serviceaccount:(?P<namespace>[a-z0-9-]+):(?P<name>[a-z0-9.-]+)")
"""How a cluster names a service account to a cloud."""


class Kind(StrEnum):
    """By what a grant names an identity; two kinds are never compared."""

    ROLE = "role"
    """The ARN of a role of AWS."""
    CLIENT = "client"
    """The client id of an identity of Azure."""
    IDENTITY = "identity"
    """The name of an identity of Azure."""


MADE_BY: Final = {
    Kind.ROLE: (ROLE, "name"),
    Kind.CLIENT: (IDENTITY, "clientId"),
    Kind.IDENTITY: (IDENTITY, "resourceName"),
}
"""The type that makes each kind, and the property that tells one from another."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One identity, given to one service account."""

    urn: str
    """The resource that gives it."""
    kind: Kind
    identity: Node
    """Which identity."""
    origin: str | None
    """URN of the identity of the stack that it will name, while that is not known."""
    name: str | None
    """Its name, as far as known."""
    account: Node
    """The service account's name, or how the cluster names it."""
    holder: str | None
    """The service account with its namespace; nothing while one of them is not known."""

    def shares(self, other: Grant) -> bool | None:
        """Tell whether another service account is given the same identity; `None` when that is not known yet."""
        itself = (self.urn, self.identity.path) == (other.urn, other.identity.path)
        if itself or self.kind is not other.kind or (self.holder is not None and self.holder == other.holder):
            return False
        same = self._is_as(other)
        return None if same and None in (self.holder, other.holder) else same

    def _is_as(self, other: Grant) -> bool | None:
        if self.origin and other.origin:
            return self.origin == other.origin
        return self.name == other.name if self.name and other.name else None


@dataclass(frozen=True, slots=True)
class _Made:
    """What an identity was made from, in which stack."""

    plan: Plan
    urn: str
    origins: tuple[str, ...]


def grants(plan: Plan) -> tuple[Grant, ...]:
    """Return every grant of the stack."""
    return plan.index(
        Grant, lambda: tuple(each for found in plan.of_type(*GRANTING) for each in grants_of(found, plan))
    )


def grants_of(found: Resource, plan: Plan) -> Iterator[Grant]:
    """Yield the identities that one resource gives to service accounts."""

    def made(property_: str) -> _Made:
        return _Made(plan, found.urn, tuple(found.property_dependencies.get(property_, ())))

    if found.type in SERVICE_ACCOUNTS:
        metadata = found["metadata"]
        for kind, annotation in ((Kind.ROLE, ROLE_ANNOTATION), (Kind.CLIENT, CLIENT_ANNOTATION)):
            identity = metadata["annotations"][annotation]
            if identity.value is not None:
                yield _grant(made("metadata"), kind, identity, metadata["namespace"], metadata["name"])
    elif found.type == ASSOCIATION:
        yield _grant(made("roleArn"), Kind.ROLE, found["roleArn"], found["namespace"], found["serviceAccount"])
    elif found.type == ADDON:
        for each in found["podIdentityAssociations"].items():
            # An add-on has a namespace of its own, which it doesn't name.
            account = (found["addonName"], each["serviceAccount"])
            yield _grant(made("podIdentityAssociations"), Kind.ROLE, each["roleArn"], *account)
    elif found.type == FEDERATION and _may_be_of_a_cluster(found["subject"]):
        yield _grant(made("resourceName"), Kind.IDENTITY, found["resourceName"], found["subject"])


def _may_be_of_a_cluster(subject: Node) -> bool:
    return not isinstance(subject.value, str) or subject.value.startswith("system:serviceaccount:")


def _grant(made: _Made, kind: Kind, identity: Node, *account: Node) -> Grant:
    token, property_ = MADE_BY[kind]
    origins = [urn for urn in made.origins if type_of(urn) == token] if not isinstance(identity.value, str) else []
    origin = origins[0] if len(origins) == 1 else None
    values = [identity.value, *(each[property_].value for each in made.plan.of_type(token) if each.urn == origin)]
    names = [value[:].rpartition("/")[2] for value in values if isinstance(value, str)]
    parts = [each.value for each in account if each.value is not None]
    holder = "/".join(part[:] for part in parts if isinstance(part, str))
    known = all(isinstance(part, str) for part in parts)
    return Grant(made.urn, kind, identity, origin, names[0] if names else None, account[-1], holder if known else None)
