"""What a stack of the project asks of its provider, from its file."""

from __future__ import annotations

from collections.abc import Mapping

from falaj.catalog.private_access import Feature
from falaj.catalog.regions import regions
from falaj.catalog.tiers import Isolation, tiers
from falaj.preflight import Site, State, Wanted, WantedPool
from stacks.environment_settings import (
    AwsEnvironment,
    AzureEnvironment,
    CloudEnvironment,
    LocalEnvironment,
    PoolSettings,
)
from stacks.gpu_specs import gpu_pool_specs
from stacks.placement import environment_placement
from stacks.pool_rules import pools_of, zones_of
from stacks.settings import StackFile, other_environments
from stacks.specs import account_of
from stacks.tenancy import own_machines

TENANTS_OWN = frozenset({Feature.KEYS, Feature.MODEL_STORE})
"""What a tenant uses of the provider beside its environment."""


def wanted_of(file: StackFile, state: State) -> Wanted:
    """Return what a stack's file asks for; of a tenant only what it asks for beside its environment."""
    home = file.home
    if isinstance(home, LocalEnvironment):
        return Wanted(stack=file.name, region=home.region, provider=regions()[home.region].provider, state=state)
    if file.settings.tenant is not None:
        return _wanted(file, home, state).model_copy(
            update={"pools": _pools(_own_machines(file, home)), "features": TENANTS_OWN}
        )
    return _wanted(file, home, state).model_copy(
        update={
            "kubernetes": home.kubernetes,
            "pools": (*_pools(pools_of(home)), *_gpu_pools(home)),
            "features": frozenset(Feature),
            "egress": home.network.egress,
            "profiles": home.profiles,
            "sites": _sites(file.name),
        }
    )


def _wanted(file: StackFile, home: AwsEnvironment | AzureEnvironment, state: State) -> Wanted:
    return Wanted(
        stack=file.name,
        region=home.region,
        provider=home.provider,
        stage=home.stage,
        account=account_of(home),
        zones=zones_of(home),
        state=state,
    )


def _own_machines(file: StackFile, home: AwsEnvironment | AzureEnvironment) -> Mapping[str, PoolSettings]:
    tenant = file.settings.tenant
    if tenant is None or tiers()[tenant.tier].isolation is not Isolation.DEDICATED_NODES:
        return {}
    return {"tenant": own_machines(tenant, home)}


def _pools(pools: Mapping[str, PoolSettings]) -> tuple[WantedPool, ...]:
    return tuple(
        WantedPool(name=name, sizes=pool.sizes, minimum=pool.minimum, maximum=pool.maximum, capacity=pool.capacity)
        for name, pool in pools.items()
    )


def _gpu_pools(home: AwsEnvironment | AzureEnvironment) -> tuple[WantedPool, ...]:
    """One for each step of a pool's capacity, as each is a pool of its own."""
    return tuple(
        WantedPool(
            name=name,
            sizes=spec.sizes,
            minimum=spec.minimum,
            maximum=spec.maximum,
            capacity=spec.capacity,
            surge_percent=spec.surge_percent,
            zones=spec.zones,
        )
        for name, spec in gpu_pool_specs(home, environment_placement("preflight", home)).items()
    )


def _sites(stack: str) -> tuple[Site, ...]:
    return tuple(
        Site(stack=name, region=other.region, stage=other.stage)
        for name, other in sorted(other_environments(stack).items())
        if isinstance(other, CloudEnvironment)
    )
