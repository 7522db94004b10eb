"""What pools with GPUs may get wrong, and what has to be mirrored for them: said before anything is created."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain

from components.azure_groups import misplaced
from components.gpu.legality import cluster_problems, problems
from components.gpu.reasons import Reason
from components.gpu.runtime_legality import driver_reasons, reasons
from components.gpu.runtime_spec import package_reasons
from components.gpu.sources import missing, parts_of
from components.gpu.spec import GpuSpec
from components.node_pools.gpu_steps import ENDINGS
from falaj.catalog.gpu_operator_images import gpu_operator_images
from falaj.catalog.recipes import kubernetes_minors, node_images
from falaj.catalog.regions import regions
from stacks.environment_settings import AwsEnvironment, AzureEnvironment
from stacks.gpu_settings import GpuPoolSettings, GpuRuntimeSettings
from stacks.gpu_specs import gpu_wish
from stacks.pool_rules import pools_of, zones_of
from stacks.problems import Problem
from stacks.versions import TARGETS, kubernetes_minor, operator_release

POOLS, RUNTIME = "environment.gpu_pools", "environment.gpu_runtime"
OF_THE_ENVIRONMENT = {"kubernetes": "environment.kubernetes", "operator": "environment.kubernetes", "pools": POOLS}
"""Where a reason's field stands in a stack file, where that is not in the pool itself."""
OF_THE_GPU = "edit the file; docs/guides/gpu.md says what goes together"


def gpu_problems(environment: AwsEnvironment | AzureEnvironment, stack: str) -> Iterator[Problem]:
    """Yield everything wrong with the pools with GPUs of an environment, alone, together and for want of a mirror."""
    if not environment.gpu_pools:
        if environment.gpu_runtime is not None:
            yield Problem(RUNTIME, "is read where pools have GPUs, allowed: gpu_pools, or leave it out.")
        return
    if not _stands(environment):
        return
    found = list(chain(_names(environment), *(_pool(name, environment, stack) for name in environment.gpu_pools)))
    found = found or list(_together(environment)) or list(_runtime(environment, stack))
    yield from dict.fromkeys(found)


def _stands(environment: AwsEnvironment | AzureEnvironment) -> bool:
    """Whether zones and Kubernetes are what its region has; what is wrong with those is said of them alone."""
    sold, minors = regions()[environment.region].zones, kubernetes_minors(TARGETS[environment.provider])
    return {*(environment.zones or ())} <= {*sold} and kubernetes_minor(environment) in minors


def _pool(name: str, environment: AwsEnvironment | AzureEnvironment, stack: str) -> Iterator[Problem]:
    pool, key = environment.gpu_pools[name], f"{POOLS}.{name}"
    if pool.minimum > pool.maximum:
        yield Problem(f"{key}.minimum", f"found {pool.minimum}, allowed: {pool.maximum} or less, its maximum.")
    zones = zones_of(environment)
    if pool.zones is not None and (strangers := [zone for zone in pool.zones if zone not in zones]):
        message = f"found {', '.join(strangers)}, allowed: {', '.join(zones) or 'none'}, the environment's own."
        yield Problem(f"{key}.zones", message)
        return
    if pool.reservation is not None and (sentence := misplaced(pool.reservation.id, stack)) is not None:
        yield Problem(f"{key}.reservation.id", sentence, OF_THE_GPU)
    for reason in problems(gpu_wish(pool, environment)):
        yield _problem(reason, key)


def _names(environment: AwsEnvironment | AzureEnvironment) -> Iterator[Problem]:
    """Each step of a pool's capacity is a pool of its own, whose name may be that of another."""
    taken = Counter(pools_of(environment).keys())
    steps = {name: list(_steps(name, pool, environment)) for name, pool in environment.gpu_pools.items()}
    taken.update(chain.from_iterable(steps.values()))
    for name, made in steps.items():
        if twice := [step for step in made if taken[step] > 1]:
            message = (
                f"makes {', '.join(made)}, a pool for each step of its capacity; another makes {', '.join(twice)} "
                "too, allowed: another name."
            )
            yield Problem(f"{POOLS}.{name}", message)


def _steps(name: str, pool: GpuPoolSettings, environment: AwsEnvironment | AzureEnvironment) -> Iterator[str]:
    return (f"{name}{ENDINGS[step.kind]}" for step in pool.gpu(environment.provider).machine_steps)


def _together(environment: AwsEnvironment | AzureEnvironment) -> Iterator[Problem]:
    wishes = {name: gpu_wish(pool, environment) for name, pool in environment.gpu_pools.items()}
    for reason in cluster_problems(wishes):
        yield _problem(reason._replace(field="pools"), POOLS)
    together = reasons(
        _specs(environment),
        target=TARGETS[environment.provider],
        kubernetes=kubernetes_minor(environment),
        operator=operator_release(environment),
    )
    for reason in together:
        yield _problem(reason, POOLS)


def _specs(environment: AwsEnvironment | AzureEnvironment) -> dict[str, GpuSpec]:
    return {name: pool.gpu(environment.provider) for name, pool in environment.gpu_pools.items()}


def _problem(reason: Reason, key: str) -> Problem:
    return Problem(OF_THE_ENVIRONMENT.get(reason.field, f"{key}.{reason.field}"), reason.sentence, OF_THE_GPU)


def _runtime(environment: AwsEnvironment | AzureEnvironment, stack: str) -> Iterator[Problem]:
    """Yield what the GPU operator lacks: nothing of a cluster is made that could not run it."""
    mirror = f"put gpu_runtime right, then run: falaj mirror -s {stack}"
    runtime, asked, operator = environment.gpu_runtime, _specs(environment), operator_release(environment)
    if runtime is None:
        yield Problem(RUNTIME, f"is missing. {_needed(environment)}", mirror)
        return
    found = chain(
        missing(asked.values(), operator, chart=runtime.chart, images=runtime.images, driver=runtime.driver),
        driver_reasons(asked, operator=operator, driver=runtime.driver),
        package_reasons(asked, runtime.packages),
        _idle(environment, runtime),
    )
    for reason in found:
        yield Problem(f"{RUNTIME}.{reason.field}", reason.sentence, mirror)


def _needed(environment: AwsEnvironment | AzureEnvironment) -> str:
    operator = operator_release(environment)
    release, asked = gpu_operator_images()[operator], list(_specs(environment).values())
    system = "ubuntu24.04" if any(node_images()[gpu.image].system == "ubuntu" for gpu in asked) else None
    images = [release.published(part, driver=None, system=system) for part in parts_of(asked)]
    chart = f"{release.chart.name}:{release.chart.version}"
    return f"GPU operator {operator} needs its chart {chart} and the images {', '.join(images)}, each named by digest."


def _idle(environment: AwsEnvironment | AzureEnvironment, runtime: GpuRuntimeSettings) -> Iterator[Reason]:
    needed = parts_of(_specs(environment).values())
    for part in runtime.images:
        if part not in needed:
            sentence = f"found an image that no pool's node image leaves to the operator, allowed: {', '.join(needed)}."
            yield Reason(f"images.{part}", sentence)
