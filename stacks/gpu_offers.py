"""What an environment's GPUs come to for its tenants, wherever it lies: what pods may ask for, of whom, how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.gpu.spec import GPU, CapacityKind
from components.model_endpoint.spec import GpuPoolFacts
from falaj.catalog.gpus import family_key
from falaj.catalog.offers import machine_sizes
from stacks.environment_settings import LocalEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stacks.environment_settings import AwsEnvironment, AzureEnvironment, EnvironmentSettings
    from stacks.gpu_settings import GpuPoolSettings

SIMULATED = "simulated-gpu"
"""The pool that a local cluster's second node is."""


@dataclass(frozen=True, slots=True)
class GpuOffer:
    """One pool with GPUs, as a tenant's pods meet it."""

    pool: str
    """Its name in the environment's stack file."""
    families: tuple[str, ...]
    """Kinds of its cards, as keys of the catalog."""
    each: Mapping[str, int]
    """What one machine offers, by the names that pods ask for; nothing for sizes nobody sells."""
    machines: int
    """Most machines of one step of its capacity."""
    tenant: str | None = None
    """The only tenant that it is for; every tenant of a tier with GPUs if None."""
    spot: bool = False
    """Whether some of its machines may be taken away when others pay."""

    def facts(self) -> Iterator[GpuPoolFacts]:
        """Yield what a routed endpoint has to know, for each kind of card; nothing of sizes nobody sells."""
        for family in self.families if self.each else ():
            yield GpuPoolFacts(name=self.pool, family=family, resources=tuple(self.each), tenant=self.tenant)


def gpu_offers(home: EnvironmentSettings) -> tuple[GpuOffer, ...]:
    """Return what every pool with GPUs of an environment offers; nothing where it has none."""
    if isinstance(home, LocalEnvironment):
        gpus = home.gpus
        return () if gpus is None else (GpuOffer(SIMULATED, (gpus.family,), gpus.resources, machines=1),)
    return tuple(_offer(name, pool, home) for name, pool in home.gpu_pools.items())


def gpu_names(home: EnvironmentSettings) -> frozenset[str]:
    """Return every name under which pods of a cluster can ask for GPUs; none where no pool has any."""
    offers = gpu_offers(home)
    return frozenset({GPU, *(name for offer in offers for name in offer.each)}) if offers else frozenset()


def offers_to(home: EnvironmentSettings, tenant: str, *, apart: bool) -> tuple[GpuOffer, ...]:
    """Return the pools with GPUs that a tenant may use: its own where it has some, those of every tenant otherwise.

    A tenant whose pods run `apart` from all others uses none but its own.
    """
    offers = gpu_offers(home)
    own = tuple(offer for offer in offers if offer.tenant == tenant)
    return own if own or apart else tuple(offer for offer in offers if offer.tenant is None)


def _offer(name: str, pool: GpuPoolSettings, home: AwsEnvironment | AzureEnvironment) -> GpuOffer:
    return GpuOffer(
        name,
        tuple(dict.fromkeys(_families(pool, home))),
        _offered(pool, home),
        pool.maximum,
        tenant=pool.tenant,
        spot=any(step.kind is CapacityKind.SPOT for step in pool.capacity),
    )


def _offered(pool: GpuPoolSettings, home: AwsEnvironment | AzureEnvironment) -> Mapping[str, int]:
    size = machine_sizes(home.region).get(pool.sizes[0])
    return {} if size is None or size.gpu is None else pool.gpu(home.provider).resources(size.gpu.count)


def _families(pool: GpuPoolSettings, home: AwsEnvironment | AzureEnvironment) -> Iterator[str]:
    sizes = machine_sizes(home.region)
    for size in pool.sizes:
        gpu = sizes[size].gpu if size in sizes else None
        if gpu is not None and (family := family_key(gpu)) is not None:
            yield family
