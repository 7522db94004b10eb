"""What is asked of an environment's pools with GPUs and of what runs on them. Plain data; knows no Pulumi."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.gpu.runtime_spec import GpuRuntimeSpec
from components.gpu.spec import GpuPool
from components.node_pools.contract import CAPACITY, NO_SCHEDULE, POOL_NAME, labels, taints
from components.node_pools.gpu_steps import gpu_pools
from falaj.catalog.offers import machine_sizes
from falaj.catalog.providers import Provider
from stacks.images import ONNX_RUNTIME
from stacks.pool_rules import zones_of
from stacks.versions import kubernetes_minor, operator_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from components.node_pools.spec import NodePoolSpec
    from components.placement import Placement
    from stacks.environment_settings import AwsEnvironment, AzureEnvironment
    from stacks.gpu_settings import GpuPoolSettings
    from stacks.images import Images

    Cloud = AwsEnvironment | AzureEnvironment

OURS = "falaj.dev/"
OF_ONE_STEP = (POOL_NAME, CAPACITY)
"""Labels that differ between the steps of a pool's capacity, by which no pod chooses."""


def gpu_zones(pool: GpuPoolSettings, environment: Cloud) -> tuple[str, ...]:
    """Return the zones a pool spans: those it names, or all of its environment."""
    return zones_of(environment) if pool.zones is None else pool.zones


def gpu_wish(pool: GpuPoolSettings, environment: Cloud) -> GpuPool:
    """Return what decides whether a pool may be made."""
    return GpuPool(
        region=environment.region,
        kubernetes=kubernetes_minor(environment),
        sizes=pool.sizes,
        minimum=pool.minimum,
        maximum=pool.maximum,
        zones=gpu_zones(pool, environment),
        surge_percent=pool.surge_percent,
        tenant=pool.tenant,
        gpu=pool.gpu(environment.provider),
    )


def gpu_pool_specs(environment: Cloud, placement: Placement) -> dict[str, NodePoolSpec]:
    """Return what is asked of each pool with GPUs, by name: one for each step of a wish's capacity.

    A pool of one tenant is booked to that tenant.
    """
    found = {}
    for name, pool in sorted(environment.gpu_pools.items()):
        booked = placement if pool.tenant is None else placement.model_copy(update={"tenant": pool.tenant})
        wish = gpu_wish(pool, environment)
        for spec in gpu_pools(name, wish, placement=booked, disk_gib=pool.disk_gib):
            found[spec.pool] = spec
    return found


def provision_minutes(environment: Cloud) -> int | None:
    """Return after how many minutes the next step is tried, where a cluster has one number; none without GPUs."""
    steps = (step for pool in environment.gpu_pools.values() for step in pool.gpu(environment.provider).machine_steps)
    return max((step.minutes for step in steps if step.minutes is not None), default=None)


def reservations_of(environment: Cloud) -> tuple[str, ...]:
    """Return the reservations that pools start machines in, each once."""
    found = {pool.reservation.id for pool in environment.gpu_pools.values() if pool.reservation is not None}
    return tuple(sorted(found))


def gpu_runtime_spec(environment: Cloud, specs: Mapping[str, NodePoolSpec], images: Images) -> GpuRuntimeSpec | None:
    """Return what is asked of the GPU operator; none where no pool has GPUs. `images` are those of its own registry."""
    runtime = environment.gpu_runtime
    if not specs or runtime is None or images.prefix is None:
        return None
    return GpuRuntimeSpec(
        owner=environment.owner,
        region=environment.region,
        target="eks" if environment.provider is Provider.AWS else "aks",
        kubernetes=kubernetes_minor(environment),
        operator=operator_release(environment),
        registry=images.prefix,
        chart=images.require(runtime.chart),
        images={part: images.require(image) for part, image in runtime.images.items()},
        gate_image=images.require(ONNX_RUNTIME),
        pools={name: spec.gpu for name, spec in specs.items() if spec.gpu is not None},
        machines=sum(spec.maximum for spec in specs.values()),
        driver=runtime.driver,
        packages=runtime.packages,
    )


def way_in(specs: Mapping[str, NodePoolSpec]) -> dict[str, Any]:
    """Return what pods need to know of the pools with GPUs, by name: what to ask for, where, past which taints."""
    return {name: dict(_way_into(spec)) for name, spec in specs.items()}


def _way_into(spec: NodePoolSpec) -> Iterator[tuple[str, Any]]:
    size = machine_sizes(spec.placement.region)[spec.sizes[0]]
    if spec.gpu is None or size.gpu is None:
        return
    selector = {key: value for key, value in labels(spec).items() if key not in OF_ONE_STEP and key.startswith(OURS)}
    yield "resources", spec.gpu.resources(size.gpu.count)
    yield "machines", spec.maximum
    yield "tenant", spec.tenant
    yield "node_selector", selector
    yield "tolerations", [{"key": key, "value": value, "effect": NO_SCHEDULE} for key, value in taints(spec)]
