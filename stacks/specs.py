"""What is asked of an environment's parts, worked out from its settings. Plain data; knows no Pulumi."""

from __future__ import annotations

from typing import TypedDict

from components.budget.spec import BudgetSpec
from components.network.spec import Egress, NetworkSpec
from components.node_pools.spec import NodeOs, NodePoolSpec
from components.placement import Placement
from falaj.catalog.offers import machine_sizes
from falaj.catalog.private_access import Feature
from falaj.catalog.profiles import combined
from falaj.catalog.recipes import minor_of, recipes
from falaj.catalog.regions import Provider
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, PoolSettings
from stacks.placement import environment_placement
from stacks.pool_rules import SYSTEM, pools_of, zones_of

SERVICE_CIDR = "172.20.0.0/16"
"""Addresses of Services; `cloud_rules.RESERVED` keeps environments off them."""
TARGETS = {Provider.AWS: "eks", Provider.AZURE: "aks"}
"""The recipe of each cloud."""
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


class Place(TypedDict):
    """Where everything of a stack lies in its cloud."""

    placement: Placement
    account: str


def environment_place(stack: str, environment: AwsEnvironment | AzureEnvironment) -> Place:
    """Return where everything of an environment lies."""
    account = environment.account if isinstance(environment, AwsEnvironment) else environment.subscription
    return {"placement": environment_placement(stack, environment), "account": account}


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


def kubernetes_minor(environment: AwsEnvironment | AzureEnvironment) -> str:
    """Return the Kubernetes minor: the stack file's, or the recipe's."""
    return environment.kubernetes or minor_of(recipes()[TARGETS[environment.provider]].kubernetes)


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
