"""What a tenant of a cloud environment gets outside the cluster, as its tier says."""

from __future__ import annotations

import hashlib

from components.node_pools.spec import NodePoolSpec
from components.placement import Placement
from falaj.catalog.blueprints import blueprints
from falaj.catalog.tiers import EncryptionKeys, tiers
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, PoolSettings
from stacks.specs import pool_spec
from stacks.tenant_settings import TenantSettings


def own_keys(tenant: TenantSettings) -> bool:
    """Return whether the tenant's objects lie under a key, and in a store, of its own."""
    return tiers()[tenant.tier].encryption_keys is not EncryptionKeys.PLATFORM


def hardware_keys(tenant: TenantSettings) -> bool:
    """Return whether the tenant's key lies in a hardware module."""
    return tiers()[tenant.tier].encryption_keys is EncryptionKeys.HARDWARE


def own_machines(tenant: TenantSettings, environment: AwsEnvironment | AzureEnvironment) -> PoolSettings:
    """Return the machines of a tenant that has its own: the stack file's, or the stage's."""
    blueprint = blueprints()[environment.provider].pools(environment.stage).tenant
    return tenant.pool or PoolSettings(**blueprint.model_dump())


def own_pool(
    name: str, tenant: TenantSettings, environment: AwsEnvironment | AzureEnvironment, placement: Placement
) -> NodePoolSpec:
    """Return what is asked of the pool of the tenant's own machines.

    A pool's name holds twelve letters at most, so the tenant's is cut out of a hash of it.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return pool_spec(f"t{digest}", own_machines(tenant, environment), environment, placement, tenant=name)
