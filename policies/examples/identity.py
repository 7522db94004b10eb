"""Builders for the examples of controls about who may do what, on both clouds and inside a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource
from policies.workloads.service_accounts import (
    ASSOCIATION,
    CLIENT_ANNOTATION,
    FEDERATION,
    ROLE_ANNOTATION,
    SERVICE_ACCOUNTS,
)

POLICY: Final = "aws:iam/policy:Policy"
AWS_PROVIDER: Final = "pulumi:providers:aws"
AZURE_PROVIDER: Final = "pulumi:providers:azure-native"
REGIONAL_ANNOTATION: Final = "eks.amazonaws.com/sts-regional-endpoints"
SERVICE_CONTROL: Final = "aws:organizations/policy:Policy"
ATTACHMENT: Final = "aws:organizations/policyAttachment:PolicyAttachment"
CLUSTER_ROLE: Final = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole"
CLUSTER_ROLE_BINDING: Final = f"{CLUSTER_ROLE}Binding"
ACCOUNT: Final = "111122223333"


def named(token: str, name: str) -> str:
    """Return the URN of a resource of that name."""
    return f"urn:pulumi:stack::project::{token}::{name}"


def made(
    token: str,
    properties: Mapping[str, object],
    *,
    name: str = "example",
    made_from: Mapping[str, Sequence[str]] | None = None,
) -> Resource:
    """Make a resource; ``made_from`` says which resources went into which property. `None` leaves a property out."""
    return resource(
        token, without_none(properties), urn=named(token, name), property_dependencies=dict(made_from or {})
    )


def allow(**elements: object) -> dict[str, Any]:
    """Describe a statement that allows reading models."""
    return without_none(
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-models/*"} | elements
    )


def role_arn(name: str) -> str:
    """Return the ARN of a role."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def service_account(
    name: object = "iris", namespace: object = "acme", *, annotations: object = None, **words: object
) -> Resource:
    """Make a service account; annotations are named ``role``, ``client`` and ``regional``, or given as a whole."""
    known = {"role": ROLE_ANNOTATION, "client": CLIENT_ANNOTATION, "regional": REGIONAL_ANNOTATION}
    given = annotations or {known[key]: value for key, value in words.items()}
    return made(
        SERVICE_ACCOUNTS[0],
        {"metadata": without_none({"name": name, "namespace": namespace, "annotations": given or None})},
        name=f"account-{namespace}-{name}",
    )


def association(
    account: object = "iris",
    role: object = role_arn("iris"),
    *,
    made_from: Sequence[str] = (),
    account_from: Sequence[str] = (),
) -> Resource:
    """Make an association of EKS Pod Identity."""
    return made(
        ASSOCIATION,
        {"clusterName": "acme", "namespace": "acme", "serviceAccount": account, "roleArn": role},
        name=f"association-{account}",
        made_from={"roleArn": made_from, "serviceAccount": account_from},
    )


def federation(subject: object, identity: object = "iris", *, made_from: Sequence[str] = ()) -> Resource:
    """Make a federated credential of an identity of Azure."""
    return made(
        FEDERATION,
        {"resourceName": identity, "subject": subject, "issuer": "https://uaenorth.oic.prod-aks.azure.com/1/"},
        name=f"federation-{subject}",
        made_from={"resourceName": made_from},
    )


def trust(issuer: str = "oidc.eks.me-central-1.amazonaws.com/id/1", **elements: object) -> dict[str, Any]:
    """Describe the statement that lets one service account take on a role through OpenID Connect."""
    return without_none(
        {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    f"{issuer}:sub": "system:serviceaccount:acme:iris",
                    f"{issuer}:aud": "sts.amazonaws.com",
                }
            },
        }
        | elements
    )


def role(*, verbs: object = ("get", "list"), resources: object = ("pods",), token: str = CLUSTER_ROLE) -> Resource:
    """Make a role of a cluster that reads pods."""
    rule = {"apiGroups": [""], "verbs": as_list(verbs), "resources": as_list(resources)}
    return made(token, {"metadata": {"name": "reader"}, "rules": [rule]}, name="reader")


def binding(
    *subjects: object,
    to: object = "reader",
    token: str = CLUSTER_ROLE_BINDING,
    made_from: Mapping[str, Sequence[str]] | None = None,
) -> Resource:
    """Make a binding of a role to a service account, or to the subjects given."""
    account = {"kind": "ServiceAccount", "name": "iris", "namespace": "acme"}
    return made(
        token,
        {
            "metadata": {"name": "reader"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": to},
            "subjects": list(subjects) or [account],
        },
        made_from=made_from,
    )


def as_list(value: object) -> object:
    """Return a tuple as the list that a plan holds."""
    return list(value) if isinstance(value, tuple) else value


def role_assignment(role: object, scope: object, *, made_from: Sequence[str] = ()) -> Resource:
    """Make an assignment of a role, named by the last part of its id, on a scope of Azure."""
    definitions = (
        "/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleDefinitions"
    )
    return made(
        "azure-native:authorization:RoleAssignment",
        {
            "principalId": "00000000-0000-4000-8000-00000000000b",
            "principalType": "Group",
            "roleDefinitionId": f"{definitions}/{role}" if isinstance(role, str) else role,
            "scope": scope,
        },
        made_from={"roleDefinitionId": made_from},
    )


def role_definition(*actions: object) -> Resource:
    """Make a role of one's own."""
    return made(
        "azure-native:authorization:RoleDefinition",
        {"roleName": "starter", "permissions": [{"actions": list(actions)}]},
        name="starter",
    )


def refusal_abroad(**elements: object) -> dict[str, Any]:
    """Describe the statement that refuses every region but our own."""
    return without_none(
        {
            "Effect": "Deny",
            "NotAction": ["iam:*", "sts:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["me-central-1"]}},
        }
        | elements
    )


def service_control_policy(*said: object, **properties: object) -> Resource:
    """Make a policy of an organisation."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(said)})
    defaults = {"id": "p-1", "type": "SERVICE_CONTROL_POLICY", "content": text}
    return made(SERVICE_CONTROL, defaults | properties, name="guardrails")


def attachment(policy: object = "p-1", *, made_from: Sequence[str] = (), name: str = "attachment") -> Resource:
    """Attach a policy of an organisation to one of its units."""
    return made(ATTACHMENT, {"policyId": policy, "targetId": "ou-1"}, name=name, made_from={"policyId": made_from})


def assignment(
    definition: object = "e56962a6-4747-49cd-b67b-bf8b01975c4c", *, made_from: Sequence[str] = (), **properties: object
) -> Resource:
    """Make an assignment of a policy of Azure, `Allowed locations` unless told otherwise."""
    built_in = "/providers/Microsoft.Authorization/policyDefinitions"
    defaults = {
        "policyDefinitionId": f"{built_in}/{definition}" if isinstance(definition, str) else definition,
        "scope": "/subscriptions/00000000-0000-4000-8000-000000000001",
        "parameters": {"listOfAllowedLocations": {"value": ["uaecentral", "uaenorth"]}},
        "enforcementMode": "Default",
    }
    return made(
        "azure-native:authorization:PolicyAssignment",
        defaults | properties,
        name="locations",
        made_from={"policyDefinitionId": made_from},
    )
