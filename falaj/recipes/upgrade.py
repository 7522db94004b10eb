"""From one recipe to another: the ordered steps, or why there is no such way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from falaj.catalog.gpu_recipes import GpuRecipe
from falaj.catalog.recipes import DriverOwner, node_images
from falaj.errors import ConfigurationError
from falaj.recipes.matrix import faults, minors_between, releases_between
from falaj.recipes.state import ClusterVersions, GpuPool, at
from falaj.recipes.steps import Part, Step
from falaj.recipes.wording import words

MINORS_AT_ONCE = 1
"""Kubernetes raises a control plane by one minor at a time.

Source: https://kubernetes.io/releases/version-skew-policy/
"""
RELEASES_AT_ONCE = 1
"""NVIDIA supports an upgrade of its operator within a release or to the next.

Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/life-cycle-policy.html
"""


class UpgradeRefusedError(ConfigurationError):
    """There is no legal way from one recipe to the other."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The way from one recipe to another."""

    source: str
    """Where it begins."""
    target: str
    """Where it ends."""
    begins: ClusterVersions
    """The cluster before the first step."""
    steps: tuple[Step, ...]
    """In this order; each leaves a legal cluster."""


def upgrade(source: str, target: str, recipes: Mapping[str, GpuRecipe]) -> Upgrade:
    """Return the ordered steps between two recipes. Refuses with `UpgradeRefusedError` what has no legal way."""
    reasons = refusals(recipes[source], recipes[target])
    if reasons:
        way = stations(source, target, recipes)
        raise UpgradeRefusedError(
            "\n".join(reasons),
            code="FAL-REC-003",
            where=f"upgrade {source} to {target}",
            hint=f"go in turns: {', then '.join(way)}"
            if way
            else "choose a recipe that this one leads to: " + (", ".join(reachable(source, recipes)) or "none does"),
        )
    begins = _begin(recipes[source], recipes[target])
    return Upgrade(source, target, begins, tuple(_steps(begins, recipes[target])))


def refusals(source: GpuRecipe, target: GpuRecipe) -> tuple[str, ...]:
    """Return every reason why there are no steps from one recipe to the other; none where there are."""
    found = tuple(_jumps(source, target))
    if found:
        return found
    begins = _begin(source, target)
    after = [step.after for step in _steps(begins, target)]
    return tuple(dict.fromkeys(fault for state in (begins, *after) for fault in faults(state)))


def stations(source: str, target: str, recipes: Mapping[str, GpuRecipe]) -> tuple[str, ...]:
    """Return the shortest way of legal upgrades, without its beginning; empty where there is none."""
    ways: deque[tuple[str, ...]] = deque([(source,)])
    seen = {source}
    while ways:
        way = ways.popleft()
        if way[-1] == target:
            return way[1:]
        for name in reachable(way[-1], recipes):
            if name not in seen:
                seen.add(name)
                ways.append((*way, name))
    return ()


def reachable(source: str, recipes: Mapping[str, GpuRecipe]) -> list[str]:
    """Return the recipes that one upgrade leads to."""
    return [name for name, recipe in recipes.items() if name != source and not refusals(recipes[source], recipe)]


def _jumps(source: GpuRecipe, target: GpuRecipe) -> Iterator[str]:
    if source.target != target.target:
        yield f"A cluster of {source.target} does not become one of {target.target}; make a second environment."
        return
    if not _common_families(source, target):
        theirs = ", ".join(target.gpu_families)
        yield f"No GPU of {', '.join(source.gpu_families)} is locked in the other recipe, which has {theirs}."
    ahead = minors_between(source.kubernetes, target.kubernetes)
    if ahead < 0:
        yield f"Kubernetes would go back from {source.kubernetes} to {target.kubernetes}; a rollback is no upgrade."
    elif ahead > MINORS_AT_ONCE:
        yield f"Kubernetes would jump {ahead} minors, from {source.kubernetes} to {target.kubernetes}; allowed: 1."
    releases = releases_between(source.gpu_operator, target.gpu_operator)
    if releases < 0:
        yield f"The GPU operator would go back from {source.gpu_operator} to {target.gpu_operator}."
    elif releases > RELEASES_AT_ONCE:
        yield (
            f"The GPU operator would jump {releases} releases, from {source.gpu_operator} to {target.gpu_operator}; "
            "allowed: 1."
        )


def _begin(source: GpuRecipe, target: GpuRecipe) -> ClusterVersions:
    return at(source, _common_families(source, target))


def _common_families(source: GpuRecipe, target: GpuRecipe) -> tuple[str, ...]:
    return tuple(family for family in source.gpu_families if family in target.gpu_families)


def _steps(begins: ClusterVersions, target: GpuRecipe) -> Iterator[Step]:
    now = begins
    for part, after, change in _changes(begins, target):
        said = words(part, now, after)
        yield Step(
            part=part,
            change=change,
            precondition=said.precondition,
            command=said.command,
            check=said.check,
            rollback=said.rollback,
            no_rollback=said.no_rollback,
            after=after,
        )
        now = after


def _changes(begins: ClusterVersions, target: GpuRecipe) -> Iterator[tuple[Part, ClusterVersions, str]]:
    """Yield each part that differs with the cluster after it, in the order of `Part`."""
    now = begins
    whole = (
        (Part.DEFINITIONS, "definitions", target.gpu_operator),
        (Part.OPERATOR, "gpu_operator", target.gpu_operator),
        (Part.CONTROL_PLANE, "control_plane", target.kubernetes),
        (Part.SYSTEM_POOL, "system", target.kubernetes),
        (Part.CPU_POOLS, "cpu", target.kubernetes),
    )
    for part, field, version in whole:
        older = getattr(now, field)
        if older != version:
            changed: dict[str, Any] = {field: version}
            now = replace(now, **changed)
            yield part, now, f"{older} to {version}"
    for part, pools, change in _gpu_changes(now.gpu[0], target):
        now = replace(now, gpu=pools)
        yield part, now, change
    if now.triton != target.triton:
        change = f"{now.triton} to {target.triton}"
        yield Part.TRITON, replace(now, triton=target.triton), change


def _gpu_changes(old: GpuPool, target: GpuRecipe) -> Iterator[tuple[Part, tuple[GpuPool, ...], str]]:
    """Yield the driver where the operator owns it, then the nodes: in place, or new beside old for another image."""
    new = GpuPool(target.kubernetes, target.node_image, target.driver)
    owned = _owned_by_operator(old) and _owned_by_operator(new)
    if owned and old.driver != new.driver:
        old = replace(old, driver=new.driver)
        yield Part.GPU_DRIVER, (old,), f"to {new.driver}"
    if old == new:
        return
    if old.node_image == new.node_image:
        yield Part.GPU_POOLS, (new,), _difference(old, new)
        return
    yield Part.GPU_POOLS, (old, new), f"{new.node_image} beside {old.node_image}"
    yield Part.OLD_GPU_POOLS, (new,), f"{old.node_image} removed"


def _owned_by_operator(pool: GpuPool) -> bool:
    return node_images()[pool.node_image].driver_owner is DriverOwner.OPERATOR


def _difference(old: GpuPool, new: GpuPool) -> str:
    pairs = ((old.minor, new.minor), (f"driver {old.driver}", new.driver))
    return ", ".join(f"{one} to {other}" for one, other in pairs if one.removeprefix("driver ") != other)
