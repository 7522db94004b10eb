"""Which identity a service account is given, told before the cloud has named it."""

from __future__ import annotations

import pytest

from policies.days import EXAMPLE_DAY
from policies.node import Node
from policies.path import Path
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN
from policies.workloads.service_accounts import (
    ADDON,
    CLIENT_ANNOTATION,
    FEDERATION,
    IDENTITY,
    ROLE,
    ROLE_ANNOTATION,
    Kind,
    grants,
    grants_of,
)

ACCOUNT = "kubernetes:core/v1:ServiceAccount"


def made(token: str, name: str, /, **properties: object) -> Resource:
    return resource(token, properties, urn=f"urn:pulumi:stack::project::{token}::{name}")


READER, WRITER = made(ROLE, "reader", name="acme-reader"), made(ROLE, "writer", name=UNKNOWN)
CLIENT = made(IDENTITY, "reader", clientId="0000-reader", resourceName="reader")


def account(annotation: str, identity: object, *origins: Resource) -> Resource:
    metadata = {"name": "iris", "namespace": "acme", "annotations": {annotation: identity}}
    return resource(ACCOUNT, {"metadata": metadata}, property_dependencies={"metadata": [each.urn for each in origins]})


@pytest.mark.parametrize(
    ("found", "kind", "origin", "name", "holder"),
    [
        (account(ROLE_ANNOTATION, UNKNOWN, CLIENT, READER), Kind.ROLE, READER.urn, "acme-reader", "acme/iris"),
        (account(ROLE_ANNOTATION, UNKNOWN, WRITER), Kind.ROLE, WRITER.urn, None, "acme/iris"),
        (account(ROLE_ANNOTATION, UNKNOWN, READER, WRITER), Kind.ROLE, None, None, "acme/iris"),
        (account(ROLE_ANNOTATION, "arn:aws:iam::1:role/own", READER), Kind.ROLE, None, "own", "acme/iris"),
        (account(CLIENT_ANNOTATION, UNKNOWN, READER, CLIENT), Kind.CLIENT, CLIENT.urn, "0000-reader", "acme/iris"),
        (
            resource(
                ADDON,
                {"addonName": "csi", "podIdentityAssociations": [{"roleArn": UNKNOWN, "serviceAccount": "driver"}]},
                property_dependencies={"podIdentityAssociations": [READER.urn]},
            ),
            *(Kind.ROLE, READER.urn, "acme-reader", "csi/driver"),
        ),
        (
            resource(
                FEDERATION,
                {"resourceName": UNKNOWN, "subject": "system:serviceaccount:acme:iris"},
                property_dependencies={"resourceName": [CLIENT.urn]},
            ),
            *(Kind.IDENTITY, CLIENT.urn, "reader", "system:serviceaccount:acme:iris"),
        ),
    ],
)
def test_a_grant_tells_its_identity_by_name_or_by_origin(
    found: Resource, kind: Kind, origin: str | None, name: str | None, holder: str
) -> None:
    plan = Plan(EXAMPLE_DAY, resources=(WRITER, READER, CLIENT, found))
    (grant,) = grants_of(found, plan)

    assert (grant.urn, grant.kind, grant.origin, grant.name) == (found.urn, kind, origin, name)
    assert grant.holder == holder
    assert grants(plan) == (grant,)


def test_an_account_without_a_namespace_is_known_by_its_name() -> None:
    metadata = {"name": "iris", "annotations": {ROLE_ANNOTATION: "arn:aws:iam::1:role/own"}}
    (grant,) = grants_of(resource(ACCOUNT, {"metadata": metadata}), Plan(EXAMPLE_DAY))

    assert grant.holder == "iris"
    assert grant.account == Node("iris", Path(("metadata", "name")))
