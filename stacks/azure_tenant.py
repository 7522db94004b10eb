"""A tenant of an environment on Azure."""

from __future__ import annotations

import pulumi

from components.account.aliases import without_version_aliases
from components.account.azure import AzureSubscription
from components.account.spec import AzureSubscriptionSpec
from components.budget.azure import AzureBudget
from components.budget.spec import BudgetSpec
from components.cluster.access import ClusterAccess
from components.cluster.spec import LocalClusterSpec
from components.node_pools.azure import AksNodePool
from stacks.azure_store import own_store
from stacks.environment_settings import AzureEnvironment
from stacks.residents import Resident, environment_of, kubeconfig_in_region, reside
from stacks.settings import StackFile
from stacks.specs import registry_prefix_of, tenant_place
from stacks.tenancy import own_keys, own_pool


def make(file: StackFile) -> None:
    """Make the tenant: key, store, budget and machines of its own as its tier says, then what lies in the cluster."""
    home = file.home
    if not isinstance(home, AzureEnvironment) or file.settings.tenant is None:
        raise LookupError(f"{file.name} is no tenant on Azure")
    tenant = file.settings.tenant
    place = tenant_place(file.name, tenant, home)
    environment = environment_of(tenant.environment)
    subscription = AzureSubscription(
        "subscription",
        AzureSubscriptionSpec(placement=place["placement"], subscription=home.subscription, directory=home.directory),
    )
    made = pulumi.ResourceOptions(provider=subscription.provider, transformations=[without_version_aliases])
    if own_keys(tenant):
        own_store(place, home, tenant, environment, resource_group=subscription.resource_group, made=made)
    if tenant.budget is not None:
        AzureBudget("budget", BudgetSpec(**place, **tenant.budget.model_dump()), opts=made)
    resident = Resident.of(file, file.images.below(registry_prefix_of(tenant.environment, home, file.images)))
    access = ClusterAccess(
        "cluster",
        LocalClusterSpec(identifier=tenant.environment),
        kubeconfig=kubeconfig_in_region(resident, environment),
    )
    machines: list[pulumi.Resource] = []
    if resident.own_machines:
        pool = AksNodePool(
            "pool",
            own_pool(file.name, tenant, home, place["placement"]),
            resource_group=environment.require_output("resource_group"),
            cluster_name=environment.require_output("cluster"),
            subnet=environment.require_output("node_subnet"),
            opts=made,
        )
        machines.append(pool.pool)
    reside(resident, environment, inside=pulumi.ResourceOptions(provider=access.provider, depends_on=machines))
