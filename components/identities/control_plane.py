"""What the control plane of an EKS cluster may do: see its network, mark its machines, keep its load balancers.

Narrower than the managed policy AmazonEKSClusterPolicy: Network Load Balancers only, and only those that carry the
cluster's tag; no volumes, no routes.

Sources: https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html (least permissions of a cluster role),
https://github.com/kubernetes/cloud-provider-aws/blob/master/pkg/providers/v1/aws_loadbalancer.go (calls and their tags)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.identities.names import arn, arn_here, names_of
from components.identities.policy import Condition, Statement, allow, allow_in_region

if TYPE_CHECKING:
    from components.identities.spec import IdentitiesSpec

LOAD_BALANCING = "elasticloadbalancing"
SERVICE = f"{LOAD_BALANCING}.amazonaws.com"
SEEN = (
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeInstanceTopology",
    "ec2:DescribeInstances",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
BALANCER_ACTIONS = (
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
)
LISTENER_ACTIONS = ("elasticloadbalancing:DeleteListener", "elasticloadbalancing:ModifyListener")
TARGET_GROUP_ACTIONS = (
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RegisterTargets",
)
CREATIONS = ["CreateLoadBalancer", "CreateTargetGroup", "CreateListener"]


def cluster_tag(cluster: str) -> str:
    """Return the key of the tag that marks what belongs to a cluster; EKS and Kubernetes read it."""
    return f"kubernetes.io/cluster/{cluster}"


def control_plane(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what the cluster's role may do."""
    tag = cluster_tag(names_of(spec.placement.stack).cluster)
    owned: Condition = {"StringEquals": {f"aws:ResourceTag/{tag}": "owned"}}
    return (
        allow_in_region("SeeNetworkAndMachines", SEEN, spec.placement.region),
        allow(
            "MarkItsMachines",
            ["ec2:CreateTags"],
            [arn_here(spec, "ec2", "instance/*")],
            {"ForAnyValue:StringEquals": {"aws:TagKeys": tag}},
        ),
        *_load_balancers(spec, tag, owned),
        allow(
            "OpenItsNodesToItsLoadBalancers",
            ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            [arn_here(spec, "ec2", "security-group/*")],
            owned,
        ),
        allow(
            "RemoveInterfacesThatPodsLeftBehind",
            ["ec2:DeleteNetworkInterface"],
            [arn_here(spec, "ec2", "network-interface/*")],
            {"StringEquals": {"aws:ResourceTag/eks:eni:owner": "amazon-vpc-cni"}},
        ),
        allow(
            "LetLoadBalancingHaveItsOwnRole",
            ["iam:CreateServiceLinkedRole"],
            [arn("iam", "", spec.account, f"role/aws-service-role/{SERVICE}/AWSServiceRoleForElasticLoadBalancing")],
            {"StringEquals": {"iam:AWSServiceName": SERVICE}},
        ),
    )


def _load_balancers(spec: IdentitiesSpec, tag: str, owned: Condition) -> tuple[Statement, ...]:
    balancers, groups, listeners = (
        [arn_here(spec, LOAD_BALANCING, resource)]
        for resource in ("loadbalancer/net/*/*", "targetgroup/*/*", "listener/net/*/*/*")
    )
    marked = {f"aws:RequestTag/{tag}": "owned"}
    return (
        allow("MakeItsLoadBalancers", [f"{LOAD_BALANCING}:CreateLoadBalancer"], balancers, {"StringEquals": marked}),
        allow("MakeItsTargetGroups", [f"{LOAD_BALANCING}:CreateTargetGroup"], groups, {"StringEquals": marked}),
        allow(
            "MarkThemAsTheyAreMade",
            [f"{LOAD_BALANCING}:AddTags"],
            [*balancers, *groups, *listeners],
            {"StringEquals": {**marked, f"{LOAD_BALANCING}:CreateAction": CREATIONS}},
        ),
        allow("ChangeItsLoadBalancers", BALANCER_ACTIONS, balancers, owned),
        allow("ChangeItsListeners", LISTENER_ACTIONS, listeners, owned),
        allow("ChangeItsTargetGroups", TARGET_GROUP_ACTIONS, groups, owned),
    )
