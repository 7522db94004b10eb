"""Whether pools with GPUs may be made: every reason against one, and against several in one cluster. Asks nobody.

What several pools ask of the one GPU operator of a cluster is `runtime_legality`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from components.gpu.capacity_rules import capacity_reasons
from components.gpu.image_rules import image_reasons
from components.gpu.reasons import Reason, listed
from components.gpu.sharing_rules import sharing_reasons
from components.gpu.size_rules import size_reasons
from components.gpu.spec import GpuPool
from falaj.catalog.providers import Provider


def problems(pool: GpuPool) -> tuple[Reason, ...]:
    """Return every reason why a pool is illegal, each a sentence with the fix; nothing for a legal one."""
    return tuple(chain(image_reasons(pool), size_reasons(pool), sharing_reasons(pool), capacity_reasons(pool)))


def cluster_problems(pools: Mapping[str, GpuPool]) -> tuple[Reason, ...]:
    """Return every reason why the pools with GPUs of one cluster, each legal alone, can't stand beside each other."""
    return tuple(_time_limits(pools))


def _time_limits(pools: Mapping[str, GpuPool]) -> Iterator[Reason]:
    limits = {
        step.minutes
        for pool in pools.values()
        if pool.provider is Provider.AZURE
        for step in pool.gpu.machine_steps
        if step.minutes is not None
    }
    if len(limits) > 1:
        sentence = (
            f"pools with minutes {listed(sorted(limits))} in one AKS cluster, allowed: one number; its autoscaler has "
            "one limit for the cluster."
        )
        yield Reason("capacity", sentence)
