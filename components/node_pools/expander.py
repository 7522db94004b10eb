"""Which pools with GPUs the cluster autoscaler tries first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes
import yaml

from components.labels import Ownership
from components.node_pools.gpu_steps import expander_priorities
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.node_pools.spec import NodePoolSpec
    from falaj.catalog.providers import Provider

AKS_NAMESPACE = "kube-system"
"""Where the autoscaler that AKS runs, unseen, looks for its order."""
NAME = "cluster-autoscaler-priority-expander"
"""The name under which it looks for its priorities."""
KEY = "priorities"


class ExpanderPriorities(pulumi.ComponentResource):
    """The order in which the cluster autoscaler tries the pools of a capacity: reserved, on demand, spot.

    Makes the ConfigMap that its `priority` expander reads, with one pattern for each pool. Pools it does not name,
    which have no GPUs, come last. It lies in `namespace`, where the autoscaler runs.

    Source: https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/expander/priority/readme.md
    """

    data_flows: tuple[DataFlow, ...] = ()
    """None of its own."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        provider: Provider,
        pools: Sequence[NodePoolSpec],
        *,
        namespace: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("falaj:index:ExpanderPriorities", name, {"dataFlows": [], "controls": []}, opts)
        kubernetes.core.v1.ConfigMap(
            f"{name}-order",
            metadata={
                "name": NAME,
                "namespace": namespace,
                "labels": Ownership(pools[0].placement.owner).labels("cluster-autoscaler", "node-pools"),
            },
            data={KEY: yaml.safe_dump(expander_priorities(provider, pools), sort_keys=False)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
