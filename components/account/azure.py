"""An Azure subscription, pinned to one region."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.azure_groups import main_group
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.account.spec import AzureSubscriptionSpec

DIRECTORY_REGION = "global"
"""Where Entra ID keeps a tenant is the tenant's own choice and not a region; catalog of global services, `entra-id`."""


class AzureSubscription(pulumi.ComponentResource):
    """The provider through which everything of an environment is made, and the resource group that holds it.

    Makes an Azure provider bound to one subscription and directory, and a resource group in the region unless one is
    named. Refuses to report usage to Pulumi's partner account.
    """

    provider: azure_native.Provider
    """Makes resources in this subscription and region."""
    resource_group: pulumi.Output[str]
    """Name of the resource group."""
    data_flows: tuple[DataFlow, ...]
    """Calls of the cloud's management interfaces."""
    controls = ()
    """Controls it supports."""

    def __init__(self, name: str, spec: AzureSubscriptionSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        self.data_flows = _flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:AzureSubscription", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        placement = spec.placement
        self.provider = azure_native.Provider(
            f"{name}-provider",
            subscription_id=spec.subscription,
            tenant_id=spec.directory,
            location=placement.region,
            disable_pulumi_partner_id=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        if spec.resource_group is None:
            made = azure_native.resources.ResourceGroup(
                f"{name}-group",
                resource_group_name=main_group(placement.stack),
                location=placement.region,
                tags=placement.tags(),
                opts=pulumi.ResourceOptions(parent=self, provider=self.provider, protect=placement.protected),
            )
            self.resource_group = made.name
        else:
            self.resource_group = pulumi.Output.from_input(spec.resource_group)
        self.register_outputs({"subscription": spec.subscription, "resourceGroup": self.resource_group})


def _flows(spec: AzureSubscriptionSpec) -> tuple[DataFlow, ...]:
    flow = partial(
        DataFlow,
        source="platform-team",
        data_class=DataClass.OPERATIONAL,
        encryption=Encryption.TLS,
        port=443,
    )
    return (
        flow(
            sink="azure/management",
            region=spec.placement.region,
            channel=Channel.CONTROL,
            purpose="creates and changes the environment",
        ),
        flow(
            sink="azure/entra-id",
            region=DIRECTORY_REGION,
            global_service="azure-entra",
            channel=Channel.IDENTITY,
            purpose="sign-ins of administrators and workloads; names and tokens, no content of requests",
        ),
    )
