"""What the pools of a cloud environment may get wrong: sizes nobody sells there, mixtures that can't run together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from falaj.catalog.availability import Availability
from falaj.catalog.blueprints import Pools, blueprints
from falaj.catalog.offers import (
    MachineSize,
    absences,
    families_sold,
    family_of,
    machine_sizes,
    offers_file,
    why_not_sold,
)
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from falaj.catalog.tags import Stage
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, PoolSettings
from stacks.problems import Problem

SYSTEM = "system"
"""The pool that runs what the cluster itself needs."""
DEFAULT_POOL = "cpu"
"""The pool that runs gateway and model servers where the stack file names no other."""
LEAST_SERVING = 2


def pools_of(environment: AwsEnvironment | AzureEnvironment) -> dict[str, PoolSettings]:
    """Return the environment's pools: those of the stack file, and the stage's own where it names none."""
    blueprint: Pools = blueprints()[environment.provider].pools(environment.stage)
    defaults = {SYSTEM: blueprint.system, DEFAULT_POOL: blueprint.cpu}
    given = dict(environment.pools)
    if {*given} - {SYSTEM}:
        del defaults[DEFAULT_POOL]
    return {**{name: PoolSettings(**pool.model_dump()) for name, pool in defaults.items()}, **given}


def zones_of(environment: AwsEnvironment | AzureEnvironment) -> tuple[str, ...]:
    """Return the zones the environment uses: those it names, or all of its region."""
    if environment.zones is not None:
        return environment.zones
    zones = regions()[environment.region].zones
    return zones if isinstance(zones, tuple) else ()


def pool_problems(environment: AwsEnvironment | AzureEnvironment) -> Iterator[Problem]:
    """Yield everything wrong with the pools, by what the region sells and by what the stage needs."""
    for name, pool in environment.pools.items():
        yield from size_problems(f"environment.pools.{name}", pool, environment)
        yield from _count_problems(f"environment.pools.{name}", name, pool, environment)
    serving = {name: pool for name, pool in environment.pools.items() if name != SYSTEM}
    if environment.stage is not Stage.DEVELOPMENT and serving and _all_spot(serving):
        message = (
            f"found 'spot' in every pool that serves, allowed in stage {environment.stage}: one on_demand at least; "
            "spot machines are taken away with two minutes' notice (control TAG-005)."
        )
        yield Problem(f"environment.pools.{next(iter(serving))}.capacity", message)


def _all_spot(pools: Mapping[str, PoolSettings]) -> bool:
    return all(pool.capacity == "spot" for pool in pools.values())


def size_problems(key: str, pool: PoolSettings, environment: AwsEnvironment | AzureEnvironment) -> Iterator[Problem]:
    """Yield what is wrong with the sizes of one pool, which stands under `key` in its stack file."""
    offered = machine_sizes(environment.region)
    for index, size in enumerate(pool.sizes):
        found = offered.get(size)
        if found is None:
            yield Problem(f"{key}.sizes[{index}]", _not_sold(size, environment.region), _show(environment.region))
        elif found.gpu is not None:
            message = (
                f"found '{size}', which has a GPU ({found.gpu.model}), allowed here: sizes without one; those with one "
                "go under gpu_pools of the environment."
            )
            yield Problem(f"{key}.sizes[{index}]", message, _show(environment.region))
        else:
            yield from _zone_problems(f"{key}.sizes[{index}]", size, found, zones_of(environment))
    architectures = {offered[size].architecture for size in pool.sizes if size in offered}
    if len(architectures) > 1:
        message = f"mixes {' and '.join(sorted(architectures))}, allowed: one architecture in a pool."
        yield Problem(f"{key}.sizes", message)
    if environment.provider is Provider.AZURE and len(pool.sizes) > 1:
        yield Problem(f"{key}.sizes", f"found {len(pool.sizes)}, allowed: one; an AKS pool has machines of one size.")


def _not_sold(size: str, region: str) -> str:
    with_gpu = absences(region).get(family_of(size))
    graphics = with_gpu is not None and with_gpu.accelerator is not None
    kind = "with a GPU" if graphics else "without a GPU"
    return f"{why_not_sold(region, size)} Sold there {kind}: {families_sold(region, gpu=graphics)}."


def _zone_problems(key: str, size: str, found: MachineSize, zones: tuple[str, ...]) -> Iterator[Problem]:
    lacking = [zone for zone in zones if found.sold_in(zone) is Availability.NO]
    if lacking:
        sold = [zone for zone, state in found.zones.items() if state is Availability.YES]
        message = (
            f"found '{size}', which is not sold in {', '.join(lacking)} "
            f"({offers_file(found.region)}, {found.reviewed}), sold in: {', '.join(sold) or 'none'}."
        )
        yield Problem(key, message)


def _show(region: str) -> str:
    return f"falaj catalog show cpu --region {region}"


def _count_problems(
    key: str, name: str, pool: PoolSettings, environment: AwsEnvironment | AzureEnvironment
) -> Iterator[Problem]:
    if pool.minimum > pool.maximum:
        yield Problem(f"{key}.minimum", f"found {pool.minimum}, allowed: {pool.maximum} or less, its maximum.")
    if environment.stage is not Stage.DEVELOPMENT and pool.capacity == "on_demand" and pool.minimum < LEAST_SERVING:
        message = f"found {pool.minimum}, allowed in stage {environment.stage}: {LEAST_SERVING} or more (TAG-005)."
        yield Problem(f"{key}.minimum", message)
    if name == SYSTEM and pool.capacity == "spot":
        yield Problem(f"{key}.capacity", "found 'spot', allowed: on_demand; the cluster's own parts run there.")
