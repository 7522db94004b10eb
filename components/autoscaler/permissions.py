"""What the cluster autoscaler may do in the account: see scaling groups, and change the counts of its own cluster's.

Narrower than the policy its makers recommend: a managed node group names its sizes, so that launch configurations,
images and requirements of machines are never asked for, and sizes are those of the autoscaler's own list.

Source: https://github.com/kubernetes/autoscaler tag cluster-autoscaler-1.36.1 (read 2026-11-23),
cluster-autoscaler/cloudprovider/aws/README.md (IAM policy) and aws_wrapper.go, auto_scaling_groups.go (its calls)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.identities.names import arn_here, names_of
from components.identities.policy import Condition, Statement, allow, allow_in_region

if TYPE_CHECKING:
    from components.autoscaler.spec import AutoscalerIdentitySpec

WATCHES = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "ec2:DescribeLaunchTemplateVersions",
)
"""Calls that read, and that know no resource to limit them to."""
CHANGES = ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup")


def permissions(spec: AutoscalerIdentitySpec) -> tuple[Statement, ...]:
    """Return what the autoscaler's role may do."""
    cluster = names_of(spec.placement.stack).cluster
    owned: Condition = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}}
    return (
        allow_in_region("Watch", WATCHES, spec.placement.region),
        allow("SeePools", ["eks:DescribeNodegroup"], [arn_here(spec, "eks", f"nodegroup/{cluster}/*")]),
        allow("SetCounts", CHANGES, [arn_here(spec, "autoscaling", "autoScalingGroup:*")], owned),
    )
