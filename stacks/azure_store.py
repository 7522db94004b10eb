"""A tenant's own key and store on Azure."""

from __future__ import annotations

import pulumi

from components.identities.azure import AzureIdentities
from components.identities.spec import Actor, IdentitiesSpec
from components.keys.azure import AzureKeyRing
from components.keys.spec import Purpose
from components.model_store.azure import AzureModelStore
from stacks.environment_settings import AzureEnvironment
from stacks.specs import Place, key_ring_spec, model_store_spec
from stacks.tenancy import hardware_keys
from stacks.tenant_settings import TenantSettings


def own_store(
    place: Place,
    home: AzureEnvironment,
    tenant: TenantSettings,
    environment: pulumi.StackReference,
    *,
    resource_group: pulumi.Input[str],
    made: pulumi.ResourceOptions,
) -> None:
    """Make a key in a vault of the tenant's own and a store that it encrypts, and export the store's name."""
    (identity,) = AzureIdentities(
        "identities", IdentitiesSpec(**place), actors=(Actor.MODEL_STORE,), resource_group=resource_group, opts=made
    ).identities.values()
    keys = AzureKeyRing(
        "keys",
        key_ring_spec(place, home, (Purpose.TENANT,), hardware=hardware_keys(tenant), further=tenant.profiles),
        resource_group=resource_group,
        tenant_id=home.directory,
        subnet_id=environment.require_output("endpoint_subnet"),
        dns_zone_id=environment.require_output("key_zone"),
        users={Purpose.TENANT: identity},
        opts=made,
    )
    store = AzureModelStore(
        "model-store",
        model_store_spec(place),
        resource_group=resource_group,
        key=keys.keys[Purpose.TENANT],
        identity=identity,
        subnet_id=environment.require_output("endpoint_subnet"),
        dns_zone_id=environment.require_output("blob_zone"),
        workspace_id=environment.require_output("workspace"),
        archive_id=environment.require_output("archive"),
        opts=made,
    )
    pulumi.export("model_store", store.account_name)
