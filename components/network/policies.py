"""Who may use an endpoint of an AWS network, and for what. Pure: policies as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from falaj.catalog.private_access import Feature

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

LANGUAGE = "2012-10-17"
OBJECTS = "s3"
"""The endpoint that leads to object storage, where a copy could be left in somebody else's account."""

WITHOUT_POLICY = frozenset({"eks-auth"})
"""Endpoints of which nobody could establish that they take a policy: AWS refuses to make one with a policy it does not
take. This one answers to nothing but the signed token of a pod, and with credentials of that pod's own role."""


def endpoint_policy(service: str, spec: NetworkSpec) -> dict[str, Any] | None:
    """Return the policy of a service's endpoint: the account's own identities, and for objects its own buckets.

    None where the endpoint takes none.

    Image layers lie in a bucket of the registry's own, which its own signed links open: it may be read, and no other
    foreign bucket may.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    if service in WITHOUT_POLICY:
        return None
    ours = {"aws:PrincipalAccount": spec.account}
    if service != OBJECTS:
        return _document(_allow("OwnIdentities", "*", "*", ours))
    statements = [_allow("OwnBuckets", "s3:*", "*", {**ours, "aws:ResourceAccount": spec.account})]
    if Feature.REGISTRY in spec.features:
        layers = f"arn:aws:s3:::prod-{spec.placement.region}-starport-layer-bucket/*"
        statements.append(_allow("ImageLayers", "s3:GetObject", layers))
    return _document(*statements)


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": LANGUAGE, "Statement": [*statements]}


def _allow(sid: str, action: str, resource: str, equal: dict[str, str] | None = None) -> dict[str, Any]:
    condition = {} if equal is None else {"Condition": {"StringEquals": equal}}
    return {"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **condition}
