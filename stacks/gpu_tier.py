"""What an environment with GPUs has beside its CPU part: made after it, so that it serves whatever becomes of GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components.gpu.runtime import GpuRuntime
from components.node_pools.expander import ExpanderPriorities
from components.node_pools.kubernetes import StartupTaint
from components.node_pools.spec import StartupTaintSpec
from stacks.gpu_specs import gpu_pool_specs, gpu_runtime_spec, way_in

if TYPE_CHECKING:
    from components.gpu.runtime_spec import GpuRuntimeSpec
    from components.node_pools.spec import NodePoolSpec
    from components.placement import Placement
    from components.zero_trust.edges import End
    from falaj.catalog.providers import Provider
    from stacks.environment_settings import AwsEnvironment, AzureEnvironment
    from stacks.images import Images


@dataclass(frozen=True, slots=True)
class GpuTier:
    """The pools with GPUs of one environment and what makes their GPUs usable."""

    provider: Provider
    """Whose cloud it is."""
    owner: str
    """Team that answers for it."""
    pools: Mapping[str, NodePoolSpec]
    """What is asked of each pool, by name."""
    runtime: GpuRuntimeSpec
    """What is asked of the GPU operator."""

    @classmethod
    def of(cls, environment: AwsEnvironment | AzureEnvironment, placement: Placement, images: Images) -> GpuTier | None:
        """Return what an environment asks for, none where it asks for no GPUs; images as its own registry has them."""
        pools = gpu_pool_specs(environment, placement)
        runtime = gpu_runtime_spec(environment, pools, images)
        return None if runtime is None else cls(environment.provider, environment.owner, pools, runtime)

    @staticmethod
    def after(served: Sequence[pulumi.Resource], inside: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
        """Return the options of what lies in the cluster for GPUs: made once everything serves that needs none."""
        return pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=list(served)))

    def prepare(
        self, api_server: End, *, order_in: pulumi.Input[str], inside: pulumi.ResourceOptions, mark_nodes: bool
    ) -> list[pulumi.Resource]:
        """Make what lies in the cluster, and export what tenants have to know; return what pools have to come after.

        `order_in` is the namespace of the autoscaler, which looks there for the order of pools. `mark_nodes` is for a
        cloud whose pools can't give their nodes a taint that is taken away again.
        """
        marked: list[pulumi.Resource] = []
        if mark_nodes:
            marked.append(StartupTaint("gpu-startup-taint", StartupTaintSpec(owner=self.owner), opts=inside).policy)
        ExpanderPriorities("gpu-expander", self.provider, [*self.pools.values()], namespace=order_in, opts=inside)
        GpuRuntime("gpu-runtime", self.runtime, api_server=api_server, opts=inside)
        pulumi.export("gpu_pools", way_in(self.pools))
        return marked
