"""A tenant of an environment on AWS."""

from __future__ import annotations

import pulumi

from components.account.aws import AwsAccount
from components.account.spec import AwsAccountSpec
from components.budget.aws import AwsBudget
from components.budget.spec import BudgetSpec
from components.cluster.access import ClusterAccess
from components.cluster.spec import LocalClusterSpec
from components.keys.aws import AwsKeyRing
from components.keys.spec import Purpose
from components.model_store.aws import AwsModelStore
from components.node_pools.aws import EksNodePool
from stacks.environment_settings import AwsEnvironment
from stacks.residents import Resident, environment_of, kubeconfig_in_region, reside
from stacks.settings import StackFile
from stacks.specs import Place, key_ring_spec, model_store_spec, registry_prefix_of, tenant_place
from stacks.tenancy import hardware_keys, own_keys, own_pool
from stacks.tenant_settings import TenantSettings


def make(file: StackFile) -> None:
    """Make the tenant: key, store, budget and machines of its own as its tier says, then what lies in the cluster."""
    home = file.home
    if not isinstance(home, AwsEnvironment) or file.settings.tenant is None:
        raise LookupError(f"{file.name} is no tenant on AWS")
    tenant = file.settings.tenant
    place = tenant_place(file.name, tenant, home)
    environment = environment_of(tenant.environment)
    account = AwsAccount("account", AwsAccountSpec(**place))
    made = pulumi.ResourceOptions(provider=account.provider)
    if own_keys(tenant):
        _own_store(place, home, tenant, environment, made=made)
    if tenant.budget is not None:
        AwsBudget("budget", BudgetSpec(**place, **tenant.budget.model_dump()), opts=made)
    resident = Resident.of(file, file.images.below(registry_prefix_of(tenant.environment, home, file.images)))
    access = ClusterAccess(
        "cluster",
        LocalClusterSpec(identifier=tenant.environment),
        kubeconfig=kubeconfig_in_region(resident, environment),
    )
    machines: list[pulumi.Resource] = []
    if resident.own_machines:
        machines.append(
            EksNodePool(
                "pool",
                own_pool(file.name, tenant, home, place["placement"]),
                cluster_name=environment.require_output("cluster"),
                role=environment.require_output("node_role"),
                subnets=environment.require_output("node_subnets"),
                security_group=environment.require_output("node_security_group"),
                disk_key=environment.require_output("disk_key"),
                opts=made,
            )
        )
    reside(resident, environment, inside=pulumi.ResourceOptions(provider=access.provider, depends_on=machines))


def _own_store(
    place: Place,
    home: AwsEnvironment,
    tenant: TenantSettings,
    environment: pulumi.StackReference,
    *,
    made: pulumi.ResourceOptions,
) -> None:
    asked = key_ring_spec(place, home, (Purpose.TENANT,), hardware=hardware_keys(tenant), further=tenant.profiles)
    keys = AwsKeyRing("keys", asked, opts=made)
    store = AwsModelStore(
        "model-store",
        model_store_spec(place),
        key=keys.keys[Purpose.TENANT],
        vpc_id=environment.require_output("vpc"),
        opts=made,
    )
    pulumi.export("model_store", store.bucket)
