"""One IAM role for each actor of an AWS environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.identities.aws_roles import RoleDocuments, aws_roles, role_name
from components.identities.flows import aws_identity_flows
from components.identities.names import arn
from components.identities.policy import document
from components.identities.spec import Actor
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.identities.spec import IdentitiesSpec

POLICY = "least"
"""Name of the one policy in each role."""


class AwsIdentities(pulumi.ComponentResource):
    """IAM roles that name every action, bound to this account, region and cluster.

    Makes for each actor a Role, its one inline policy, and two lists that remove every other policy somebody attaches.
    Refuses managed policies of AWS, which allow more than any of these actors needs, users and access keys.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html
    """

    roles: Mapping[Actor, pulumi.Output[str]]
    """ARN by actor, known in a preview; who waits for it waits for the role's permissions too."""
    role_names: Mapping[Actor, pulumi.Output[str]]
    """Name by actor."""
    data_flows: tuple[DataFlow, ...]
    """Definitions of roles, and credentials made from them."""
    controls = ()
    """Controls it supports."""

    def __init__(self, name: str, spec: IdentitiesSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        self.data_flows = aws_identity_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsIdentities", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self.role_names = {actor: self._make(actor, documents) for actor, documents in aws_roles(spec).items()}
        self.roles = {
            actor: role.apply(lambda called: arn("iam", "", spec.account, f"role/{called}"))
            for actor, role in self.role_names.items()
        }
        self.register_outputs({"roles": {actor.value: role for actor, role in self.roles.items()}})

    def _make(self, actor: Actor, documents: RoleDocuments) -> pulumi.Output[str]:
        placement, child = self._spec.placement, f"{self._name}-{actor.replace('_', '-')}"
        called = role_name(placement.stack, actor)
        role = aws.iam.Role(
            child,
            name=called,
            description=documents.description,
            assume_role_policy=document([documents.trust]),
            tags={**placement.tags(), "Name": called},
            opts=self._inside,
        )
        permissions = aws.iam.RolePolicy(
            f"{child}-permissions",
            name=POLICY,
            role=role.name,
            policy=document(documents.permissions),
            opts=self._inside,
        )
        aws.iam.RolePoliciesExclusive(
            f"{child}-no-other-policies",
            role_name=role.name,
            policy_names=[permissions.name],
            opts=self._inside,
        )
        aws.iam.RolePolicyAttachmentsExclusive(
            f"{child}-no-managed-policies", role_name=role.name, policy_arns=[], opts=self._inside
        )
        return permissions.role
