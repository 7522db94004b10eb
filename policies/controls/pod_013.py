"""POD-013: clusters run a supported Kubernetes and patch themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from falaj.catalog.recipes import minor_of, supported_minors
from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.examples.platforms import AKS, AKS_NODES, EKS, EKS_NODES, aks_cluster, eks_cluster
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

VERSION = re.compile(r"\d+\.\d+(\.\d+)?")
UPGRADE_CHANNELS = ("patch", "stable", "rapid")
NODE_CHANNELS = ("NodeImage", "SecurityPatch")
STANDARD_SUPPORT = "KubernetesOfficial"

CONTROL = Control(
    id="POD-013",
    title="Clusters run a Kubernetes under standard support and patch themselves",
    harm="A published hole in the API server or the node's kernel stays open until somebody finds the time.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(EKS, EKS_NODES, AKS, AKS_NODES), view=as_is),
    reads=(
        "Cluster:version",
        "Cluster:upgradePolicy.supportType",
        "NodeGroup:version",
        "ManagedCluster:kubernetesVersion",
        "ManagedCluster:supportPlan",
        "ManagedCluster:autoUpgradeProfile.upgradeChannel",
        "ManagedCluster:autoUpgradeProfile.nodeOSUpgradeChannel",
        "ManagedCluster:agentPoolProfiles[*].orchestratorVersion",
        "AgentPool:orchestratorVersion",
    ),
    remedy=(
        "Name a supported minor (falaj catalog show kubernetes); on EKS set upgradePolicy.supportType to STANDARD, on "
        "AKS autoUpgradeProfile.upgradeChannel to patch and nodeOSUpgradeChannel to NodeImage or SecurityPatch."
    ),
    note=(
        "Supported is what the provider supported on the day the catalog was reviewed; `falaj catalog check` says when "
        "that has ended. Support that is paid for keeps a minor whose community has left it: a waiver may allow it. "
        "Nodes are held to the same minors. EKS patches no managed nodes by itself, and a plan can't show who does."
    ),
)


@CONTROL.check
def is_maintained(found: Resource) -> Iterator[Outcome]:
    """Find a version that nobody patches any more, and a cluster that waits for a person to patch it."""
    yield from JUDGED_BY[found.type](found)


def eks_is_maintained(cluster: Resource) -> Iterator[Outcome]:
    """Judge a cluster of AWS, which by default is kept on its minor at the end of support, for a price."""
    yield from is_supported(cluster["version"], "eks")
    yield from is_one_of(cluster["upgradePolicy"]["supportType"], ("STANDARD",))


def eks_nodes_are_supported(nodes: Resource) -> Iterator[Outcome]:
    """Judge the nodes of AWS; without a version of their own they have the cluster's."""
    yield from follows_or_is_supported(nodes["version"], "eks")


def aks_is_maintained(cluster: Resource) -> Iterator[Outcome]:
    """Judge a cluster of Azure, which by default stays on its version but renews its node images."""
    yield from is_supported(cluster["kubernetesVersion"], "aks")
    yield from cluster["supportPlan"].must(
        lambda value: value in (None, STANDARD_SUPPORT), f"{STANDARD_SUPPORT}, or nothing"
    )
    channels = cluster["autoUpgradeProfile"]
    yield from is_one_of(channels["upgradeChannel"], UPGRADE_CHANNELS)
    yield from channels["nodeOSUpgradeChannel"].must(
        lambda value: value in (None, *NODE_CHANNELS), f"{' or '.join(NODE_CHANNELS)}, or nothing"
    )
    for version in cluster.root.select("agentPoolProfiles[].orchestratorVersion"):
        yield from follows_or_is_supported(version, "aks")


def aks_nodes_are_supported(nodes: Resource) -> Iterator[Outcome]:
    """Judge the nodes of Azure; without a version of their own they have the cluster's."""
    yield from follows_or_is_supported(nodes["orchestratorVersion"], "aks")


def is_supported(version: Node, target: str) -> Iterator[Outcome]:
    """Judge a version, with or without its patch."""
    minors = supported_minors(target)
    yield from version.must(
        lambda value: isinstance(value, str) and VERSION.fullmatch(value) and minor_of(value) in minors,
        in_words(target),
    )


def follows_or_is_supported(version: Node, target: str) -> Iterator[Outcome]:
    """Judge the version of nodes."""
    if version.value is not None:
        yield from is_supported(version, target)


def in_words(target: str) -> str:
    """Say which minors are supported."""
    return f"a minor under standard support: {', '.join(supported_minors(target))}"


JUDGED_BY = {
    EKS: eks_is_maintained,
    EKS_NODES: eks_nodes_are_supported,
    AKS: aks_is_maintained,
    AKS_NODES: aks_nodes_are_supported,
}

CONTROL.good("EKS on the newest minor", eks_cluster())
CONTROL.good("EKS on the oldest minor", eks_cluster(version=supported_minors("eks")[0]))
CONTROL.good("nodes of EKS as their cluster", resource(EKS_NODES, {"clusterName": "acme"}))
CONTROL.good("nodes of EKS", resource(EKS_NODES, {"clusterName": "acme", "version": supported_minors("eks")[-1]}))
CONTROL.good("AKS on a patch of the newest minor", aks_cluster())
CONTROL.good(
    "AKS with security patches in place",
    aks_cluster(autoUpgradeProfile={"upgradeChannel": "stable", "nodeOSUpgradeChannel": "SecurityPatch"}),
)
CONTROL.good(
    "AKS as it renews node images by default",
    aks_cluster(supportPlan=None, agentPoolProfiles=[{}], autoUpgradeProfile={"upgradeChannel": "rapid"}),
)
CONTROL.good("nodes of AKS", resource(AKS_NODES, {"orchestratorVersion": supported_minors("aks")[0]}))
CONTROL.bad(
    "EKS without a word",
    eks_cluster(version=None, upgradePolicy=None),
    finding=(
        f"version: found nothing, expected {in_words('eks')}",
        "upgradePolicy.supportType: found nothing, expected STANDARD",
    ),
)
CONTROL.bad(
    "EKS on a minor of long ago, kept for a price",
    eks_cluster(version="1.29", upgradePolicy={"supportType": "EXTENDED"}),
    finding=(
        f"version: found 1.29, expected {in_words('eks')}",
        "upgradePolicy.supportType: found EXTENDED, expected STANDARD",
    ),
)
CONTROL.bad(
    "nodes of EKS left behind",
    resource(EKS_NODES, {"version": "1.29"}),
    finding=f"version: found 1.29, expected {in_words('eks')}",
)
CONTROL.bad(
    "AKS on a minor of long ago, kept for a price",
    aks_cluster(kubernetesVersion="1.30.4", supportPlan="AKSLongTermSupport"),
    finding=(
        f"kubernetesVersion: found 1.30.4, expected {in_words('aks')}",
        "supportPlan: found AKSLongTermSupport, expected KubernetesOfficial, or nothing",
    ),
)
CONTROL.bad(
    "AKS that nobody patches",
    aks_cluster(
        kubernetesVersion=None, autoUpgradeProfile={"upgradeChannel": "node-image", "nodeOSUpgradeChannel": "Unmanaged"}
    ),
    finding=(
        f"kubernetesVersion: found nothing, expected {in_words('aks')}",
        "autoUpgradeProfile.upgradeChannel: found node-image, expected patch or stable or rapid",
        "autoUpgradeProfile.nodeOSUpgradeChannel: found Unmanaged, expected NodeImage or SecurityPatch, or nothing",
    ),
)
CONTROL.bad(
    "AKS left to its default, with nodes left behind",
    aks_cluster(autoUpgradeProfile=None, agentPoolProfiles=[{"orchestratorVersion": "1.30"}]),
    finding=(
        "autoUpgradeProfile.upgradeChannel: found nothing, expected patch or stable or rapid",
        f"agentPoolProfiles[0].orchestratorVersion: found 1.30, expected {in_words('aks')}",
    ),
)
CONTROL.bad(
    "nodes of AKS left behind",
    resource(AKS_NODES, {"orchestratorVersion": "1.30.4"}),
    finding=f"orchestratorVersion: found 1.30.4, expected {in_words('aks')}",
)
CONTROL.unknown("version chosen elsewhere", eks_cluster(version=UNKNOWN), at="version")
CONTROL.unknown("channels chosen elsewhere", aks_cluster(autoUpgradeProfile=UNKNOWN), at=("autoUpgradeProfile",))
CONTROL.not_applicable("a Service runs on what there is", service())
