"""Builders of managed clusters and registries: each keeps every control of its kind until told otherwise.

A keyword set to `None` leaves the property out.
"""

from __future__ import annotations

from typing import Final

from falaj.catalog.recipes import supported_minors
from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource

EKS: Final = "aws:eks/cluster:Cluster"
EKS_NODES: Final = "aws:eks/nodeGroup:NodeGroup"
AKS: Final = "azure-native:containerservice:ManagedCluster"
AKS_NODES: Final = "azure-native:containerservice:AgentPool"
AZURE_REGISTRY: Final = "azure-native:containerregistry:Registry"
ECR: Final = "aws:ecr/repository:Repository"
REGISTRY_ID: Final = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/falaj"
    "/providers/Microsoft.ContainerRegistry/registries/acmeuae"
)


def eks_cluster(**properties: object) -> Resource:
    """Make a cluster of AWS."""
    made = {
        "name": "acme",
        "version": supported_minors("eks")[-1],
        "upgradePolicy": {"supportType": "STANDARD"},
    }
    return resource(EKS, without_none(made | properties))


def aks_cluster(**properties: object) -> Resource:
    """Make a cluster of Azure that starts from a registry of our own."""
    made = {
        "resourceName": "acme",
        "location": "uaenorth",
        "kubernetesVersion": f"{supported_minors('aks')[-1]}.1",
        "supportPlan": "KubernetesOfficial",
        "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
        "agentPoolProfiles": [{"name": "first", "mode": "System", "orchestratorVersion": supported_minors("aks")[-1]}],
        "bootstrapProfile": {"artifactSource": "Cache", "containerRegistryId": REGISTRY_ID},
        "networkProfile": {"networkPlugin": "azure", "outboundType": "none"},
    }
    return resource(AKS, without_none(made | properties))


def azure_registry(**properties: object) -> Resource:
    """Make the registry ``acmeuae`` in Dubai."""
    made = {"registryName": "acmeuae", "location": "uaenorth", "sku": {"name": "Premium"}}
    return resource(AZURE_REGISTRY, without_none(made | properties))


def ecr_repository(**properties: object) -> Resource:
    """Make a repository of images on AWS, scanned at each push, whose tags stay."""
    made = {
        "name": "acme/onnxruntime",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
    }
    return resource(ECR, without_none(made | properties))
