"""The way out of a VNet: Azure Firewall with a list of names, or address translation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.egress.flows import flows_of
from components.network.layout import Role, cidrs_of, subnets_of
from components.network.spec import Egress
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

FIREWALL_SUBNET = "AzureFirewallSubnet"
"""The only name Azure takes for it."""
RULES_PRIORITY = 200
NAMES_PRIORITY = 100


class AzureEgress(pulumi.ComponentResource):
    """The only path from nodes to the internet, and none in the other direction.

    Makes an Azure Firewall whose policy passes HTTPS to the allowed names and drops the rest, or, in development, a NAT
    gateway. Either needs one public address, the only one of the network: no machine has one, no rule of the firewall
    translates what comes in, and a NAT gateway admits answers only.

    Source: https://learn.microsoft.com/azure/firewall/protect-azure-kubernetes-service
    """

    firewall_id: pulumi.Output[str] | None
    """Id of the firewall; none with address translation."""
    firewall_address: pulumi.Output[str] | None
    """Its private address, where nodes send what is meant for the internet."""
    translation_id: pulumi.Output[str] | None
    """Id of the NAT gateway; none with a firewall."""
    address: pulumi.Output[str]
    """The public address from which others see the network."""
    data_flows: tuple[DataFlow, ...]
    """What leaves through it, and its log."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: NetworkSpec,
        *,
        resource_group: pulumi.Input[str],
        vnet_name: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = flows_of(spec, "azure/logs")
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AzureEgress", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._group, self._vnet = name, spec, resource_group, vnet_name
        self._inside = pulumi.ResourceOptions(parent=self)

        address = self._make_address()
        self.address = address.ip_address.apply(str)
        self.firewall_id = self.firewall_address = self.translation_id = None
        if spec.egress is Egress.FIREWALL:
            firewall = self._make_firewall(address)
            self.firewall_id = firewall.id
            self.firewall_address = firewall.ip_configurations.apply(
                lambda configurations: str((configurations or [])[0].private_ip_address)
            )
        else:
            self.translation_id = self._make_translation(address).id
        self.register_outputs({"address": self.address})

    def _make_address(self) -> azure_native.network.PublicIPAddress:
        return azure_native.network.PublicIPAddress(
            f"{self._name}-address",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            sku={"name": "Standard", "tier": "Regional"},
            public_ip_address_version="IPv4",
            public_ip_allocation_method="Static",
            # A NAT gateway lies in one zone or in none, and an address in all of them fits neither.
            zones=None if self._spec.egress is Egress.NAT else list(self._spec.zones),
            tags=self._spec.placement.tags(),
            # Others may have this address on a list of theirs.
            opts=pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected),
        )

    def _make_translation(self, address: azure_native.network.PublicIPAddress) -> azure_native.network.NatGateway:
        return azure_native.network.NatGateway(
            f"{self._name}-translation",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            sku={"name": "Standard"},
            public_ip_addresses=[{"id": address.id}],
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )

    def _make_firewall(self, address: azure_native.network.PublicIPAddress) -> azure_native.network.AzureFirewall:
        (plan,) = (subnet for subnet in subnets_of(self._spec) if subnet.role is Role.FIREWALL)
        subnet = azure_native.network.Subnet(
            f"{self._name}-subnet",
            resource_group_name=self._group,
            virtual_network_name=self._vnet,
            subnet_name=FIREWALL_SUBNET,
            address_prefix=plan.cidr,
            default_outbound_access=False,
            opts=self._inside,
        )
        policy = self._make_policy()
        rules = self._make_rules(policy)
        return azure_native.network.AzureFirewall(
            f"{self._name}-firewall",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            sku={"name": "AZFW_VNet", "tier": "Standard"},
            firewall_policy={"id": policy.id},
            ip_configurations=[{"name": "out", "subnet": {"id": subnet.id}, "public_ip_address": {"id": address.id}}],
            zones=list(self._spec.zones),
            tags=self._spec.placement.tags(),
            # A firewall and its policy cannot change at the same time.
            opts=pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected, depends_on=[rules]),
        )

    def _make_policy(self) -> azure_native.network.FirewallPolicy:
        return azure_native.network.FirewallPolicy(
            f"{self._name}-policy",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            sku={"tier": "Standard"},
            threat_intel_mode="Deny",
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )

    def _make_rules(
        self, policy: azure_native.network.FirewallPolicy
    ) -> azure_native.network.FirewallPolicyRuleCollectionGroup:
        # Classes, because the SDK translates no plain dict where it takes one of several kinds.
        names = azure_native.network.ApplicationRuleArgs(
            rule_type="ApplicationRule",
            name="names",
            protocols=[
                azure_native.network.FirewallPolicyRuleApplicationProtocolArgs(protocol_type="Https", port=443),
            ],
            source_addresses=list(cidrs_of(self._spec, Role.NODES)),
            target_fqdns=list(self._spec.reachable_names),
        )
        return azure_native.network.FirewallPolicyRuleCollectionGroup(
            f"{self._name}-rules",
            resource_group_name=self._group,
            firewall_policy_name=policy.name,
            priority=RULES_PRIORITY,
            rule_collections=[
                azure_native.network.FirewallPolicyFilterRuleCollectionArgs(
                    rule_collection_type="FirewallPolicyFilterRuleCollection",
                    name="allowed",
                    priority=NAMES_PRIORITY,
                    action=azure_native.network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
                    rules=[names],
                )
            ],
            opts=self._inside,
        )
