"""Pools of Azure machines for AKS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_azure_native as azure_native

from components.node_pools.contract import Taint, labels, taints
from components.node_pools.flows import pool_flows
from components.node_pools.gpu_azure import gpu_identity, gpu_profile
from components.node_pools.names import azure_name
from components.node_pools.spec import NodeOs
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.node_pools.spec import NodePoolSpec

OS_SKUS = {NodeOs.AZURE_LINUX_3: "AzureLinux3", NodeOs.UBUNTU: "Ubuntu"}
MODES = {"system": "System", "cpu": "User", "gpu": "User"}
MOST_PODS = 110
"""Pods on a node: the number Kubernetes itself is tested with; AKS would take 250 here."""
SPOT = "kubernetes.azure.com/scalesetpriority"
"""Label and taint that AKS itself puts on spot machines; named here so that a refresh finds nothing to undo."""
DRAIN_MINUTES = 30
"""How long an upgrade waits for the pods of one node."""
PRICE_OF_ON_DEMAND = -1
"""A spot machine is never taken away for its price alone."""


class AksNodePool(pulumi.ComponentResource):
    """Machines of one kind, in every zone asked for.

    Makes an agent pool encrypted at its host, without public addresses and without SSH, that boots signed code only.
    Another size, disk, zone, operating system or tenant makes another pool first and removes the old one after, as do
    another GPU driver, layout of the cards and way of sharing; how many machines there are belongs to the autoscaler
    that AKS runs, between the two bounds. The start-up taint of nodes with GPUs is `StartupTaint`'s: what a pool of AKS
    marks its nodes with stays for good.

    Source: https://learn.microsoft.com/azure/aks/manage-node-pools
    """

    pool: pulumi.Resource
    """The agent pool."""
    name: pulumi.Output[str]
    """Its name in the cloud."""
    data_flows: tuple[DataFlow, ...]
    """What the machines move on their own."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: NodePoolSpec,
        *,
        resource_group: pulumi.Input[str],
        cluster_name: pulumi.Input[str],
        subnet: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = pool_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AksNodePool", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)

        pool = azure_native.containerservice.AgentPool(
            f"{name}-nodes",
            resource_group_name=resource_group,
            resource_name_=cluster_name,
            agent_pool_name=azure_name(spec.pool, _identity(spec)),
            **profile(spec, subnet),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["count"]),
        )
        self.pool = pool
        self.name = pool.name
        self.register_outputs({"name": self.name})


def _identity(spec: NodePoolSpec) -> dict[str, Any]:
    """What makes another pool, whether AKS is told of it or not."""
    return fixed(spec) | ({} if spec.gpu is None else {"gpu": gpu_identity(spec.gpu)})


def fixed(spec: NodePoolSpec) -> dict[str, Any]:
    """Return what an agent pool can't change, or may not change under the pods of a tenant, in Azure's own words."""
    found: dict[str, Any] = {
        "type": "VirtualMachineScaleSets",
        "mode": MODES[spec.role],
        "vm_size": spec.sizes[0],
        "os_type": "Linux",
        "os_sku": OS_SKUS[spec.os],
        "os_disk_type": "Managed",
        "os_disk_size_gb": spec.disk_gib,
        "kubelet_disk_type": "OS",
        "max_pods": MOST_PODS,
        "enable_encryption_at_host": True,
        "enable_node_public_ip": False,
        "security_profile": {
            "ssh_access": "Disabled",
            "enable_secure_boot": spec.architecture == "x86_64",
            "enable_vtpm": spec.architecture == "x86_64",
        },
        "node_taints": [str(taint) for taint in taints(spec)],
    }
    if spec.zones:
        found["availability_zones"] = list(spec.zones)
    if spec.gpu is not None:
        found |= gpu_profile(spec, spec.gpu)
    if spec.capacity == "spot":
        found |= {
            "scale_set_priority": "Spot",
            "scale_set_eviction_policy": "Delete",
            "spot_max_price": PRICE_OF_ON_DEMAND,
            "node_taints": [*found["node_taints"], str(Taint(SPOT, "spot"))],
        }
    return found


def profile(spec: NodePoolSpec, subnet: pulumi.Input[str]) -> dict[str, Any]:
    """Return a pool as AKS is told of it, the same inside a cluster's own request and in one of the pool's."""
    found = fixed(spec) | {
        "vnet_subnet_id": subnet,
        "orchestrator_version": spec.kubernetes_version,
        "enable_auto_scaling": True,
        "min_count": spec.minimum,
        "max_count": spec.maximum,
        "count": spec.minimum,
        "scale_down_mode": "Delete",
        "node_labels": labels(spec) | ({SPOT: "spot"} if spec.capacity == "spot" else {}),
        "tags": spec.placement.tags(),
    }
    if spec.capacity != "spot":
        # Azure refuses these for spot machines: an upgrade exchanges them in place.
        found["upgrade_settings"] = {
            "max_surge": f"{spec.surge_percent}%" if spec.surge_percent else "0",
            "max_unavailable": "0" if spec.surge_percent else "1",
            "drain_timeout_in_minutes": DRAIN_MINUTES,
            "undrainable_node_behavior": "Cordon",
        }
    return found
