"""A private endpoint: an address in our own subnet for one service of Azure, and its name in our own zones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

if TYPE_CHECKING:
    from components.placement import Placement


def private_endpoint(
    name: str,
    placement: Placement,
    *,
    resource_group: pulumi.Input[str],
    target: pulumi.Input[str],
    group: str,
    subnet_id: pulumi.Input[str],
    dns_zone_ids: Sequence[pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Make an endpoint in the subnet for the target's sub-resource `group`, named in these private zones.

    Returns what to wait for before the target answers by its name.
    """
    endpoint = azure_native.network.PrivateEndpoint(
        f"{name}-endpoint",
        private_endpoint_name=f"{placement.stack}-{name}",
        custom_network_interface_name=f"{placement.stack}-{name}-nic",
        resource_group_name=resource_group,
        location=placement.region,
        subnet={"id": subnet_id},
        private_link_service_connections=[
            {"name": name, "private_link_service_id": target, "group_ids": [group]},
        ],
        tags=placement.tags(),
        opts=opts,
    )
    return azure_native.network.PrivateDnsZoneGroup(
        f"{name}-endpoint-names",
        private_dns_zone_group_name="default",
        private_endpoint_name=endpoint.name,
        resource_group_name=resource_group,
        private_dns_zone_configs=[
            {"name": f"zone-{position}", "private_dns_zone_id": zone} for position, zone in enumerate(dns_zone_ids)
        ],
        opts=opts,
    )
