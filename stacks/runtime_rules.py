"""What endpoints may get wrong about what runs them: Triton where nobody built it, GPUs that nobody has for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from falaj.catalog.tiers import Isolation, Resources, Tier, tiers
from stacks.environment_settings import LocalEnvironment
from stacks.gpu_offers import offers_to
from stacks.images import TRITON
from stacks.problems import Problem

if TYPE_CHECKING:
    from stacks.environment_settings import EnvironmentSettings
    from stacks.gpu_offers import GpuOffer
    from stacks.images import Images
    from stacks.tenant_settings import EndpointSettings, TenantSettings

BUILD = f"run: falaj images build {TRITON}"
ROUTERS = 2
"""Pods of a router."""
ROUTER = Resources(cpu_request="100m", cpu_limit="1", memory_request="64Mi", memory_limit="256Mi")
"""What each of them may use."""
HOW = "edit the file; docs/guides/gpu.md shows both sides"


def runtime_problems(tenant: TenantSettings, name: str, home: EnvironmentSettings, images: Images) -> Iterator[Problem]:
    """Yield everything wrong with the runtimes and the GPUs of a tenant's endpoints."""
    for key, endpoint in tenant.endpoints.items():
        place = f"tenant.endpoints.{key}"
        if endpoint.runtime != "onnxruntime":
            yield from _triton(place, endpoint, tenant, home, images)
        elif endpoint.gpu is not None:
            message = "is read by triton and routed, but runtime is 'onnxruntime', allowed: one of these, or no gpu."
            yield Problem(f"{place}.gpu", message, HOW)
        yield from _routed(key, endpoint, tenant, name, home)
    if any(endpoint.gpu is not None for endpoint in tenant.endpoints.values()):
        yield from _gpus(tenant, name, home)


def _routed(
    key: str, endpoint: EndpointSettings, tenant: TenantSettings, name: str, home: EnvironmentSettings
) -> Iterator[Problem]:
    """Yield what the router before both runtimes lacks, or what stands where nothing is routed."""
    place, local = f"tenant.endpoints.{key}", isinstance(home, LocalEnvironment)
    if endpoint.runtime != "routed":
        if endpoint.routing is not None:
            message = (
                f"is read by routed, but runtime is '{endpoint.runtime}', allowed: runtime: routed, or no routing."
            )
            yield Problem(f"{place}.routing", message, HOW)
        if endpoint.gpu_replicas is not None:
            message = f"is read by routed, but runtime is '{endpoint.runtime}', allowed: runtime: routed, or replicas."
            yield Problem(f"{place}.gpu_replicas", message, HOW)
        return
    if endpoint.routing is None:
        message = "is missing. What a pod of each side costs. For example: {cpu: {cost_per_hour: 0.2}, gpu: {...}}."
        yield Problem(f"{place}.routing", message, HOW)
    if endpoint.gpu is None and not local:
        message = "is missing. What a pod of the GPU side asks for. For example: {resource: nvidia.com/gpu}."
        yield Problem(f"{place}.gpu", message, HOW)
    if taken := [side for side in (f"{key}-cpu", f"{key}-gpu") if side in tenant.endpoints]:
        message = f"routed makes {key}-cpu and {key}-gpu, and {', '.join(taken)} is there, allowed: another name."
        yield Problem(place, message, HOW)
    shared = tiers()[tenant.tier].isolation is not Isolation.DEDICATED_NODES
    if shared and not isinstance(home, LocalEnvironment) and any(p.tenant == name for p in home.gpu_pools.values()):
        message = (
            f"found 'routed', but tier {tenant.tier} has GPUs of its own and no CPUs, allowed: triton, or a pool with "
            "GPUs of every tenant."
        )
        yield Problem(f"{place}.runtime", message, HOW)


def _triton(
    place: str, endpoint: EndpointSettings, tenant: TenantSettings, home: EnvironmentSettings, images: Images
) -> Iterator[Problem]:
    if isinstance(home, LocalEnvironment):
        if images.find(TRITON) is None:
            yield Problem(f"{place}.runtime", f"the image lock {images.lock.name} has no {TRITON}.", BUILD)
    elif home.triton_image is None:
        message = (
            f"found '{endpoint.runtime}', but environment {tenant.environment} names no triton_image, allowed: "
            f"onnxruntime, or {endpoint.runtime} once Triton is built on NVIDIA's base and named there."
        )
        yield Problem(f"{place}.runtime", message, "build it as serving_images/triton/README.md shows")


def _gpus(tenant: TenantSettings, name: str, home: EnvironmentSettings) -> Iterator[Problem]:
    asking = {key: endpoint for key, endpoint in tenant.endpoints.items() if endpoint.gpu is not None}
    first = f"tenant.endpoints.{next(iter(asking))}.gpu"
    tier = tiers()[tenant.tier]
    if tier.gpus == 0:
        with_gpus = ", ".join(each for each, row in tiers().items() if row.gpus)
        yield Problem(first, f"tier {tenant.tier} has no GPUs, allowed: leave it out, or tier {with_gpus}.", HOW)
    elif not (offers := offers_to(home, name, apart=tier.isolation is Isolation.DEDICATED_NODES)):
        yield Problem(first, _no_pool(tenant, name, home), f"edit the file of stack {tenant.environment}")
    else:
        found = [problem for key, endpoint in asking.items() for problem in _endpoint(key, endpoint, offers)]
        yield from found or _room(tenant, offers)


def _no_pool(tenant: TenantSettings, name: str, home: EnvironmentSettings) -> str:
    if isinstance(home, LocalEnvironment):
        return (
            f"environment {tenant.environment} names no simulated GPUs (gpus), allowed: leave it out, or name there "
            "what falaj cluster up --gpu-node made."
        )
    if tiers()[tenant.tier].isolation is Isolation.DEDICATED_NODES:
        return (
            f"tier {tenant.tier} runs on machines of its own, and no pool with GPUs of environment "
            f"{tenant.environment} is kept for it, allowed: leave it out, or a pool there with tenant: {name}."
        )
    whose = "for every tenant " if home.gpu_pools else ""
    return (
        f"environment {tenant.environment} has no pool with GPUs {whose}(gpu_pools), allowed: leave it out, or add one "
        "there."
    )


def _endpoint(key: str, endpoint: EndpointSettings, offers: tuple[GpuOffer, ...]) -> Iterator[Problem]:
    asked, place = endpoint.gpu, f"tenant.endpoints.{key}.gpu"
    if asked is None:
        return
    most = {name: max(offer.each.get(name, 0) for offer in offers) for offer in offers for name in offer.each}
    families = {family for offer in offers for family in offer.families}
    if asked.resource not in most:
        yield Problem(f"{place}.resource", f"found '{asked.resource}', allowed here: {', '.join(sorted(most))}.", HOW)
    elif asked.count > most[asked.resource]:
        message = f"found {asked.count}, allowed: {most[asked.resource]} or fewer, as many as one machine has."
        yield Problem(f"{place}.count", message, HOW)
    if asked.family is not None and asked.family not in families:
        message = f"found '{asked.family}', allowed here: {', '.join(sorted(families))}."
        yield Problem(f"{place}.family", message, HOW)


def _room(tenant: TenantSettings, offers: tuple[GpuOffer, ...]) -> Iterator[Problem]:
    """Where the endpoints ask for more than the tier holds, or than all machines of one step have."""
    tier, needed = tiers()[tenant.tier], gpus_of(tenant)
    total = sum(needed.values())
    hint = "ask for fewer GPUs or replicas, or choose a larger tier or pool"
    if total > tier.gpus:
        message = f"ask for {total} GPUs with their updates, tier {tenant.tier} holds {tier.gpus}."
        yield Problem("tenant.endpoints", message, hint)
        return
    pools = ", ".join(offer.pool for offer in offers)
    for resource, amount in needed.items():
        most = sum(offer.each.get(resource, 0) * offer.machines for offer in offers)
        if amount > most:
            message = f"ask for {amount} of {resource} with their updates, the pools {pools} have {most}."
            yield Problem("tenant.endpoints", message, hint)


def gpus_of(tenant: TenantSettings) -> Counter[str]:
    """Return how many GPUs a tenant's endpoints hold at most, by their names, while one of each is exchanged."""
    found: Counter[str] = Counter()
    tier = tiers()[tenant.tier]
    for endpoint in tenant.endpoints.values():
        if endpoint.gpu is not None:
            beside = 0 if is_replaced(endpoint, tier) else 1
            found[endpoint.gpu.resource] += endpoint.gpu.count * (gpu_replicas(endpoint, tier) + beside)
    return found


def replicas_of(endpoint: EndpointSettings, tier: Tier) -> int:
    """Return how many pods run an endpoint: as many as it says, else those of its tier."""
    return endpoint.replicas or tier.replicas


def gpu_replicas(endpoint: EndpointSettings, tier: Tier) -> int:
    """Return how many pods run an endpoint on GPUs: where both sides answer, as many as it says for that side."""
    return endpoint.gpu_replicas or replicas_of(endpoint, tier)


def is_replaced(endpoint: EndpointSettings, tier: Tier) -> bool:
    """Whether an endpoint hands an old pod's GPUs to its new one, as few stand idle for an update.

    A single pod can't leave before another is there, but where CPUs answer meanwhile.
    """
    return endpoint.runtime == "routed" or gpu_replicas(endpoint, tier) > 1


def pod_sizes(endpoint: EndpointSettings, tier: Tier) -> Iterator[tuple[int, Resources]]:
    """Yield how many pods of which size an endpoint has at most: each runtime's and the router's, one more of each."""
    replicas, size = replicas_of(endpoint, tier), endpoint.resources or tier.resources
    yield 1 + replicas, size
    if endpoint.runtime == "routed":
        yield 1 + gpu_replicas(endpoint, tier), size
        yield 1 + ROUTERS, ROUTER
