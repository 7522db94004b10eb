"""Builders for the examples of controls about data on its way: load balancers, stores and meshes of both clouds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource

LISTENER: Final = "aws:lb/listener:Listener"
LISTENER_RULE: Final = "aws:lb/listenerRule:ListenerRule"
BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
APPLICATION_GATEWAY: Final = "azure-native:network:ApplicationGateway"
EKS_CLUSTER: Final = "aws:eks/cluster:Cluster"
AKS_CLUSTER: Final = "azure-native:containerservice:ManagedCluster"
PEERS: Final = tuple(f"kubernetes:security.istio.io/{version}:PeerAuthentication" for version in ("v1", "v1beta1"))
"""Istio's rules about mutual TLS: custom resources, whose token is made of apiVersion and kind."""
MODERN: Final = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
LISTENER_ARN: Final = "arn:aws:elasticloadbalancing:me-central-1:111122223333:listener/app/front/1/2"
BUCKET_ARN: Final = "arn:aws:s3:::acme-models"
GATEWAY_ID: Final = "/subscriptions/1/resourceGroups/acme/providers/Microsoft.Network/applicationGateways/front"


def named(token: str, name: str) -> str:
    """Return the URN of a resource of that name."""
    return f"urn:pulumi:stack::project::{token}::{name}"


def redirect(**properties: object) -> dict[str, Any]:
    """Describe the action that sends a client to HTTPS."""
    return {"type": "redirect", "redirect": without_none({"protocol": "HTTPS", "statusCode": "HTTP_301"} | properties)}


def listener(*actions: object, token: str = LISTENER, **properties: object) -> Resource:
    """Make a listener over HTTPS that hands requests on, unless told otherwise."""
    defaults = {
        "port": 443,
        "protocol": "HTTPS",
        "sslPolicy": MODERN,
        "defaultActions": list(actions) or [{"type": "forward", "targetGroupArn": "arn:aws:group"}],
    }
    return resource(token, without_none(defaults | properties), urn=named(token, "front"))


def listener_rule(
    *actions: object, of: object = LISTENER_ARN, made_from: Sequence[str] = (), token: str = LISTENER_RULE
) -> Resource:
    """Make a rule of a listener."""
    return resource(
        token,
        {"listenerArn": of, "actions": list(actions)},
        urn=named(token, "rule"),
        property_dependencies={"listenerArn": made_from},
    )


def bucket(**properties: object) -> Resource:
    """Make the bucket ``acme-models``."""
    defaults = {"id": "acme-models", "arn": BUCKET_ARN, "bucket": "acme-models"}
    return resource(BUCKET, without_none(defaults | properties), urn=named(BUCKET, "models"))


def bucket_policy(document: object, *, of: object = "acme-models", made_from: Sequence[str] = ()) -> Resource:
    """Make the policy of a bucket."""
    return resource(
        BUCKET_POLICY,
        {"bucket": of, "policy": document},
        urn=named(BUCKET_POLICY, "models"),
        property_dependencies={"bucket": made_from},
    )


def refusal(**elements: object) -> dict[str, Any]:
    """Describe the statement that refuses plain connections to the bucket."""
    return without_none(
        {
            "Sid": "RefusePlainConnections",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [BUCKET_ARN, f"{BUCKET_ARN}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        | elements
    )


def plain_document(*statements: object) -> dict[str, Any]:
    """Describe a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def document(*statements: object) -> str:
    """Write a policy document."""
    return json.dumps(plain_document(*statements))


def part(kind: str, name: str) -> dict[str, str]:
    """Refer to a part of the application gateway."""
    return {"id": f"{GATEWAY_ID}/{kind}/{name}"}


def application_gateway(**properties: object) -> Resource:
    """Make an application gateway that answers over HTTPS and sends plain HTTP there."""
    defaults: Mapping[str, object] = {
        "applicationGatewayName": "front",
        "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101S"},
        "httpListeners": [{"name": "https", "protocol": "Https"}, {"name": "http", "protocol": "Http"}],
        "requestRoutingRules": [
            {"name": "serve", "httpListener": part("httpListeners", "https"), "backendAddressPool": {"id": "pool"}},
            {
                "name": "upgrade",
                "httpListener": part("httpListeners", "http"),
                "redirectConfiguration": part("redirectConfigurations", "upgrade"),
            },
        ],
        "redirectConfigurations": [{"name": "upgrade", "targetListener": part("httpListeners", "https")}],
    }
    return resource(APPLICATION_GATEWAY, without_none({**defaults, **properties}))


def peer_authentication(
    *, namespace: object = "istio-system", mode: object = "STRICT", token: str = PEERS[0], **spec: object
) -> Resource:
    """Make the rule that a mesh takes nothing but mutual TLS."""
    mtls = without_none({"mode": mode})
    return resource(
        token,
        {"metadata": {"name": "default", "namespace": namespace}, "spec": without_none({"mtls": mtls, **spec})},
        urn=named(token, "default"),
    )


def eks() -> Resource:
    """Make a cluster of EKS."""
    return resource(EKS_CLUSTER, {"name": "acme"}, urn=named(EKS_CLUSTER, "acme"))


def aks_mesh(**profile: object) -> Resource:
    """Make a cluster of AKS with this profile of its mesh."""
    return resource(AKS_CLUSTER, without_none({"serviceMeshProfile": profile or None}), urn=named(AKS_CLUSTER, "acme"))
