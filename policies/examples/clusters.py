"""Clusters for the examples of controls: each keeps every control of network and logs until told otherwise."""

from __future__ import annotations

from typing import Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource

EKS: Final = "aws:eks/cluster:Cluster"
AKS: Final = "azure-native:containerservice:ManagedCluster"
LOGS: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def eks(**properties: object) -> Resource:
    """Make an EKS cluster with a private API server. A property set to `None` is left out."""
    return resource(
        EKS,
        without_none(
            {
                "name": "acme",
                "enabledClusterLogTypes": list(LOGS),
                "vpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": False},
            }
            | properties
        ),
    )


def aks(**properties: object) -> Resource:
    """Make an AKS cluster with a private API server. A property set to `None` is left out."""
    return resource(
        AKS,
        without_none(
            {
                "resourceName": "acme",
                "location": "uaenorth",
                "apiServerAccessProfile": {"enablePrivateCluster": True},
                "networkProfile": {"networkPolicy": "cilium", "networkDataplane": "cilium"},
            }
            | properties
        ),
    )
