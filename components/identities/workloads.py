"""What nodes and the pods of the cluster's own add-ons may do.

Sources: https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html,
https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/iam-policy.md (scoped to one cluster),
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverEKSClusterScopedPolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.identities.control_plane import cluster_tag
from components.identities.names import arn, arn_here, names_of
from components.identities.policy import Condition, Statement, allow, allow_in_region
from falaj.catalog.tags import Tag

if TYPE_CHECKING:
    from components.identities.spec import IdentitiesSpec

ADDON_REPOSITORIES = ("amazon-k8s-cni", "amazon-k8s-cni-init", "amazon/aws-network-policy-agent", "eks/*")
"""Where the images of EKS add-ons lie in the registry of their account."""
INTERFACE_CLUSTER = "cluster.k8s.amazonaws.com/name"
"""Tag that the pod network puts on every interface it makes."""
MACHINE_CLUSTER = "eks:cluster-name"
"""Tag that EKS puts on every machine of a managed node group."""
VOLUME_MARK = "ebs.csi.aws.com/cluster"
"""Tag that the volume driver puts on every volume and snapshot it makes."""


SEEN_BY_POD_NETWORK = (
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
)
INTERFACE_ACTIONS = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:AttachNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DetachNetworkInterface",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:UnassignPrivateIpAddresses",
)
MACHINE_INTERFACE_ACTIONS = (
    "ec2:AttachNetworkInterface",
    "ec2:DetachNetworkInterface",
    "ec2:ModifyNetworkInterfaceAttribute",
)
SEEN_BY_DISKS = (
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeSnapshots",
    "ec2:DescribeTags",
    "ec2:DescribeVolumeStatus",
    "ec2:DescribeVolumes",
    "ec2:DescribeVolumesModifications",
)
VOLUME_ACTIONS = ("ec2:AttachVolume", "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:ModifyVolume")


def nodes(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what every node may do. Addresses and volumes are left to the pods that need them."""
    names, region = names_of(spec.placement.stack), spec.placement.region
    own = [arn_here(spec, "ecr", f"repository/{names.repositories}")]
    addons = [
        arn("ecr", region, spec.addon_account, f"repository/{repository}")
        for repository in ADDON_REPOSITORIES
        if spec.addon_account is not None
    ]
    return (
        allow_in_region("SeeMachines", ["ec2:DescribeInstanceTypes", "ec2:DescribeInstances"], region),
        allow(
            "JoinTheClusterAndHandPodsTheirRoles",
            ["eks-auth:AssumeRoleForPodIdentity", "eks:DescribeCluster"],
            [arn_here(spec, "eks", f"cluster/{names.cluster}")],
        ),
        allow_in_region("SignInToRegistries", ["ecr:GetAuthorizationToken"], region),
        allow(
            "PullImages",
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [*own, *addons],
        ),
    )


def pod_network(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what the pod network may do: make and change interfaces of its own cluster, on its own machines."""
    stack = spec.placement.stack
    cluster = names_of(stack).cluster
    interfaces, instances, subnets, groups = (
        [arn_here(spec, "ec2", f"{kind}/*")] for kind in ("network-interface", "instance", "subnet", "security-group")
    )
    owned = _tagged(cluster_tag(cluster), "owned")
    return (
        allow_in_region("SeeMachinesAndInterfaces", SEEN_BY_POD_NETWORK, spec.placement.region),
        allow("MarkInterfaces", ["ec2:CreateTags"], interfaces),
        allow(
            "MakeMarkedInterfaces",
            ["ec2:CreateNetworkInterface"],
            interfaces,
            {"StringEquals": {f"aws:RequestTag/{INTERFACE_CLUSTER}": cluster}},
        ),
        allow("InItsSubnets", ["ec2:CreateNetworkInterface"], subnets, _tagged(Tag.STACK, stack)),
        allow("InItsGroups", ["ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"], groups, owned),
        allow("ChangeItsInterfaces", INTERFACE_ACTIONS, interfaces, _tagged(INTERFACE_CLUSTER, cluster)),
        allow("OnItsMachines", MACHINE_INTERFACE_ACTIONS, instances, owned),
    )


def disks(spec: IdentitiesSpec) -> tuple[Statement, ...]:
    """Return what the volume driver may do: encrypted volumes that carry its mark, on machines of its own cluster."""
    volumes, instances = [arn_here(spec, "ec2", "volume/*")], [arn_here(spec, "ec2", "instance/*")]
    own_machines = _tagged(MACHINE_CLUSTER, names_of(spec.placement.stack).cluster)
    return (
        allow_in_region("SeeMachinesAndVolumes", SEEN_BY_DISKS, spec.placement.region),
        allow(
            "MakeMarkedVolumes",
            ["ec2:CreateVolume"],
            volumes,
            {"StringEquals": {f"aws:RequestTag/{VOLUME_MARK}": "true"}, "Bool": {"ec2:Encrypted": "true"}},
        ),
        allow(
            "MarkVolumesAsTheyAreMade",
            ["ec2:CreateTags"],
            volumes,
            {"StringEquals": {"ec2:CreateAction": "CreateVolume"}},
        ),
        allow("KeepItsVolumes", VOLUME_ACTIONS, volumes, _tagged(VOLUME_MARK, "true")),
        allow("AttachToItsMachines", ["ec2:AttachVolume", "ec2:DetachVolume"], instances, own_machines),
    )


def _tagged(key: str, value: str) -> Condition:
    return {"StringEquals": {f"aws:ResourceTag/{key}": value}}
