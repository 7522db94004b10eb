"""Pools whose machines have GPUs, and what of a stack has to be read to find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from policies.capacity.machines import has_gpu, sizes_of
from policies.capacity.pools import Pool, pools_in, pools_of
from policies.control import Situated
from policies.joins import said_of
from policies.outcomes import NotApplicable, Outcome
from policies.resources import Plan

PROFILE: Final = "ManagedCluster:agentPoolProfiles[*]"
SIZES: Final = (
    "NodeGroup:instanceTypes[*]",
    "NodeGroup:launchTemplate.name",
    "LaunchTemplate:name",
    "LaunchTemplate:instanceType",
    "AgentPool:vmSize",
    "AgentPool:virtualMachinesProfile.scale.manual[*].size",
    f"{PROFILE}.vmSize",
)
"""What tells whether a pool has GPUs, as a control reads it."""
AZURE_SIZES: Final = SIZES[4:]
"""The same of the pools of AKS."""


def of_azure(*paths: str) -> tuple[str, ...]:
    """Return paths of a pool of AKS, wherever it is held, as a control reads them."""
    return tuple(f"{prefix}{path}" for prefix in ("AgentPool:", f"{PROFILE}.") for path in paths)


def judged_pools(found: Situated, judge: Callable[[Pool], Iterator[Outcome]]) -> Iterator[Outcome]:
    """Judge each pool with GPUs that a resource is or holds. A pool whose sizes are not known yet is undecided."""
    judged = [pool for pool in pools_of(found.resource) if has_gpus(pool, found.plan)]
    unknown = [outcome for pool in pools_of(found.resource) for outcome in unclear(pool, found.plan)]
    if not judged and not unknown:
        yield NotApplicable("has no GPU")
    for pool in judged:
        yield from judge(pool)
    yield from unknown


def has_gpus(pool: Pool, plan: Plan) -> bool:
    """Tell whether a pool is known to have GPUs."""
    return any(has_gpu(size.value) for size in sizes_of(pool, plan))


def unclear(pool: Pool, plan: Plan) -> list[Outcome]:
    """Return the sizes that are not known of a pool that may have GPUs, if no other size tells."""
    return [] if has_gpus(pool, plan) else [size.undecided for size in sizes_of(pool, plan) if not size.known]


def undecided_pools(plan: Plan) -> Iterator[Outcome]:
    """Yield the same for all pools of the stack."""
    for pool in pools_in(plan):
        yield from said_of(pool.resource, unclear(pool, plan))


def gpu_pools(plan: Plan) -> Iterator[Pool]:
    """Yield every pool of the stack that is known to have GPUs."""
    yield from (pool for pool in pools_in(plan) if has_gpus(pool, plan))
