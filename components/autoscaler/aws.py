"""The one identity that may change how many machines an EKS cluster has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.autoscaler.names import AUTOSCALER_NAMESPACE, AUTOSCALER_WORKLOAD
from components.autoscaler.permissions import permissions
from components.identities.names import names_of
from components.identities.pod_trust import trust_pods
from components.identities.policy import document
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.autoscaler.spec import AutoscalerIdentitySpec


class EksAutoscalerIdentity(pulumi.ComponentResource):
    """The one owner of how many machines an EKS cluster has: the cluster autoscaler's service account.

    Makes a role that this account of this cluster alone may take, through pod identity, and that may change only the
    scaling groups of this cluster, with two lists that remove every other policy somebody attaches. EKS itself puts on
    the group of every managed node group the tags by which the autoscaler finds it and by which the role is limited.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
    """

    role: pulumi.Output[str]
    """ARN of the role."""
    association: pulumi.Resource
    """What hands the role to pods of the account that are made after it."""
    data_flows: tuple[DataFlow, ...] = ()
    """None of its own: the calls are the autoscaler's."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: AutoscalerIdentitySpec,
        *,
        cluster_name: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "falaj:index:EksAutoscalerIdentity", name, {"dataFlows": [], "controls": list(self.controls)}, opts
        )
        inside = pulumi.ResourceOptions(parent=self)
        role = _role(name, spec, inside)
        self.association = aws.eks.PodIdentityAssociation(
            f"{name}-association",
            cluster_name=cluster_name,
            namespace=AUTOSCALER_NAMESPACE,
            service_account=AUTOSCALER_WORKLOAD,
            role_arn=role.arn,
            tags=spec.placement.tags(),
            opts=inside,
        )
        self.role = role.arn
        self.register_outputs({"role": self.role})


def _role(name: str, spec: AutoscalerIdentitySpec, inside: pulumi.ResourceOptions) -> aws.iam.Role:
    cluster = names_of(spec.placement.stack).cluster
    role = aws.iam.Role(
        f"{name}-role",
        name=f"{cluster}-autoscaler",
        description=f"Changes the number of machines of {cluster}, between each pool's bounds.",
        assume_role_policy=document([trust_pods(spec, AUTOSCALER_NAMESPACE, AUTOSCALER_WORKLOAD)]),
        tags=spec.placement.tags(),
        opts=inside,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-policy", name="scaling", role=role.name, policy=document(permissions(spec)), opts=inside
    )
    aws.iam.RolePoliciesExclusive(
        f"{name}-no-other-policies", role_name=role.name, policy_names=[policy.name], opts=inside
    )
    aws.iam.RolePolicyAttachmentsExclusive(
        f"{name}-no-managed-policies", role_name=role.name, policy_arns=[], opts=inside
    )
    return role
