"""What is asked of an environment's parts, worked out from its settings. Plain data; knows no Pulumi."""

from __future__ import annotations

from typing import TypedDict

from components.alerts.spec import AlertsSpec
from components.budget.spec import BudgetSpec
from components.guardrails.spec import GuardrailsSpec
from components.keys.spec import KeyRingSpec, Purpose
from components.model_store.spec import ModelStoreSpec
from components.network.spec import Egress, NetworkSpec
from components.node_pools.spec import NodeOs, NodePoolSpec
from components.placement import Placement
from components.registry.spec import AKS_SYSTEM_IMAGES, RegistrySpec, registry_prefix, repositories_for
from falaj.catalog.offers import machine_sizes
from falaj.catalog.private_access import Feature
from falaj.catalog.profiles import combined
from falaj.catalog.providers import Provider
from stacks.brought_along import brought_along
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, PoolSettings
from stacks.images import Images
from stacks.placement import environment_placement, tenant_placement
from stacks.pool_rules import SYSTEM, pools_of, zones_of
from stacks.tenant_settings import TenantSettings
from stacks.versions import kubernetes_minor

SERVICE_CIDR = "172.20.0.0/16"
"""Addresses of Services; `cloud_rules.RESERVED` keeps environments off them."""
NODE_OS = {Provider.AWS: NodeOs.AMAZON_LINUX_2023, Provider.AZURE: NodeOs.AZURE_LINUX_3}
"""The operating system of every pool without GPUs."""
FEATURES = frozenset(
    {
        Feature.KUBERNETES,
        Feature.REGISTRY,
        Feature.MODEL_STORE,
        Feature.KEYS,
        Feature.LOGS,
        Feature.METRICS,
        Feature.IDENTITY,
        Feature.MACHINES,
        Feature.SCALING,
        Feature.LOAD_BALANCING,
        Feature.BACKUP,
        Feature.AUDIT,
    }
)
"""What an environment uses of its cloud; decides its private endpoints."""
LOCKED_DAYS = 90
"""How long nobody can change or remove a version of a model or a backup: longer than it takes to notice."""
PURPOSES = tuple(purpose for purpose in Purpose if purpose is not Purpose.TENANT)
"""What an environment has keys for."""


class Place(TypedDict):
    """Where everything of a stack lies in its cloud."""

    placement: Placement
    account: str


def environment_place(stack: str, environment: AwsEnvironment | AzureEnvironment) -> Place:
    """Return where everything of an environment lies."""
    return {"placement": environment_placement(stack, environment), "account": account_of(environment)}


def tenant_place(stack: str, tenant: TenantSettings, environment: AwsEnvironment | AzureEnvironment) -> Place:
    """Return where everything lies that a tenant makes in its environment's cloud."""
    return {"placement": tenant_placement(stack, tenant, environment), "account": account_of(environment)}


def account_of(environment: AwsEnvironment | AzureEnvironment) -> str:
    """Return the AWS account or the Azure subscription."""
    return environment.account if isinstance(environment, AwsEnvironment) else environment.subscription


def key_ring_spec(
    place: Place,
    environment: AwsEnvironment | AzureEnvironment,
    purposes: tuple[Purpose, ...] = PURPOSES,
    *,
    hardware: bool = False,
    further: tuple[str, ...] = (),
) -> KeyRingSpec:
    """Return what is asked of a ring of keys; in hardware where that is asked for here or by a profile.

    `further` are the profiles of a tenant besides those of its environment.
    """
    rules = combined((*environment.profiles, *further))
    return KeyRingSpec(
        **place,
        administrators=environment.administrators,
        purposes=purposes,
        hardware=hardware or rules.hardware_keys,
        deletion_days=rules.deletion_window_days,
    )


def registry_spec(place: Place, environment: AwsEnvironment | AzureEnvironment, images: Images) -> RegistrySpec:
    """Return what is asked of the environment's registry.

    ECR has a repository made for every image that the cluster pulls; AKS takes its own images through the registry.
    """
    if isinstance(environment, AwsEnvironment):
        pulled = (*images.served(), *brought_along(environment))
        return RegistrySpec(**place, name=place["placement"].stack, repositories=repositories_for(pulled))
    return RegistrySpec(**place, mirrors=(AKS_SYSTEM_IMAGES,))


def registry_prefix_of(stack: str, environment: AwsEnvironment | AzureEnvironment, images: Images) -> str:
    """Return what the names of images in an environment's registry begin with."""
    return registry_prefix(registry_spec(environment_place(stack, environment), environment, images))


def model_store_spec(place: Place) -> ModelStoreSpec:
    """Return what is asked of a store of model files."""
    return ModelStoreSpec(**place, immutable_days=LOCKED_DAYS)


def guardrails_spec(place: Place, environment: AwsEnvironment | AzureEnvironment) -> GuardrailsSpec:
    """Return what the environment's account refuses: every size but those of its pools, and ways out but its own."""
    sizes = {size for pool in pools_of(environment).values() for size in pool.sizes}
    sizes |= {size for pool in environment.gpu_pools.values() for size in pool.sizes}
    return GuardrailsSpec(
        **place,
        egress=Egress(environment.network.egress),
        sizes=tuple(sorted(sizes)),
        organizational_unit=environment.organizational_unit if isinstance(environment, AwsEnvironment) else None,
    )


def network_spec(place: Place, environment: AwsEnvironment | AzureEnvironment) -> NetworkSpec:
    """Return what is asked of the environment's network.

    On Azure pods sign in to Entra ID only where something may leave: it has no private endpoint.
    """
    network = environment.network
    egress = Egress(network.egress)
    enclosed = environment.provider is Provider.AZURE and egress is Egress.NONE
    return NetworkSpec(
        **place,
        cidr=network.cidr,
        further_cidrs=network.further_cidrs,
        internal_domains=network.internal_domains,
        zones=zones_of(environment),
        features=FEATURES - {Feature.IDENTITY} if enclosed else FEATURES,
        egress=egress,
        allowed_names=network.allowed_names,
        operator_networks=network.operators,
        retention_days=combined(environment.profiles).log_retention_days,
    )


def budget_spec(place: Place, environment: AwsEnvironment | AzureEnvironment) -> BudgetSpec:
    """Return what is asked of the environment's budget."""
    return BudgetSpec(**place, **environment.budget.model_dump())


def alerts_spec(place: Place, environment: AwsEnvironment) -> AlertsSpec:
    """Return what is asked of the environment's alarms."""
    return AlertsSpec(**place, receivers=environment.alert_receivers)


def pool_specs(environment: AwsEnvironment | AzureEnvironment, placement: Placement) -> dict[str, NodePoolSpec]:
    """Return what is asked of each pool, by name; the system pool first."""
    pools = pools_of(environment)
    ordered = sorted(pools, key=lambda name: (name != SYSTEM, name))
    return {name: pool_spec(name, pools[name], environment, placement) for name in ordered}


def pool_spec(
    name: str,
    pool: PoolSettings,
    environment: AwsEnvironment | AzureEnvironment,
    placement: Placement,
    *,
    tenant: str | None = None,
) -> NodePoolSpec:
    """Return what is asked of one pool."""
    return NodePoolSpec(
        placement=placement,
        pool=name,
        role="system" if name == SYSTEM else "cpu",
        kubernetes_version=kubernetes_minor(environment),
        os=NODE_OS[environment.provider],
        architecture=machine_sizes(environment.region)[pool.sizes[0]].architecture,
        sizes=pool.sizes,
        minimum=pool.minimum,
        maximum=pool.maximum,
        zones=zones_of(environment),
        capacity=pool.capacity,
        disk_gib=pool.disk_gib,
        tenant=tenant,
    )
