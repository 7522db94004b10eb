"""A private network in Azure: a VNet whose subnets let in what is named, and private zones for its endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure_native

from components.egress.azure import AzureEgress
from components.manifests import Manifest
from components.network.flows import flows_of
from components.network.layout import Role, Subnet, cidrs_of, subnets_of
from components.network.names import ROOT, resolvable_domains
from components.network.rules import as_security_rules, rules_of
from components.network.spec import Egress
from falaj.catalog.data_flows import DataFlow
from falaj.catalog.private_access import Feature, endpoints

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

CLUSTERS = "Microsoft.ContainerService/managedClusters"
"""Who may put an API server into the subnet that is delegated to it."""
EVERYWHERE = "0.0.0.0/0"
OWN_SUBNETS = {Role.FIREWALL}
"""Roles whose subnets the way out makes itself."""
GLOBAL = "global"
"""The location of a private zone. Its records are names and private addresses; Azure keeps them in no one region."""


class AzureNetwork(pulumi.ComponentResource):
    """A VNet whose nodes have private addresses only and reach Azure through private endpoints.

    Makes the VNet with traffic between machines encrypted where their sizes can, a subnet with a security group of its
    own for nodes, API server, endpoints and load balancers, private zones for every service its features need, a policy
    that resolves allowed names only, and the way out that is asked for; without one, a route that leads nowhere.
    Refuses Azure's default outbound access, which would give machines an address nobody sees.

    Source: https://learn.microsoft.com/azure/aks/concepts-network-isolated
    """

    vnet_id: pulumi.Output[str]
    """Id of the VNet."""
    node_subnet: pulumi.Output[str]
    """Id of the subnet of nodes. Adding addresses leaves it as it is."""
    further_node_subnets: tuple[pulumi.Output[str], ...]
    """Ids of the subnets in addresses added later, for new pools."""
    api_server_subnet: pulumi.Output[str]
    """Id of the subnet delegated to the API server."""
    api_server_cidr: str
    """Its addresses, known before it exists."""
    endpoint_subnet: pulumi.Output[str]
    """Id of the subnet of private endpoints."""
    load_balancer_subnet_name: str
    """Name of the subnet of internal load balancers, for the annotation of a Service."""
    pod_cidr: str
    """Addresses of pods, outside the VNet."""
    dns_zones: Mapping[Feature, pulumi.Output[str]]
    """Id of the private zone of each feature that has an endpoint; the first, where it has several."""
    dns_zone_ids: Mapping[str, pulumi.Output[str]]
    """Id of every private zone by its name."""
    name_policy_id: pulumi.Output[str] | None
    """Id of the policy over names, for its log; none where anyone may be reached."""
    firewall_id: pulumi.Output[str] | None
    """Id of the firewall, for its log; none without one."""
    data_flows: tuple[DataFlow, ...]
    """What crosses its private endpoints and its resolver."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: NetworkSpec,
        *,
        resource_group: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = flows_of(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AzureNetwork", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._group = name, spec, resource_group
        self._inside = pulumi.ResourceOptions(parent=self)
        self._guarded = pulumi.ResourceOptions(parent=self, protect=spec.placement.protected)

        self._vnet = self._make_vnet()
        self.vnet_id = self._vnet.id
        self._egress = self._make_egress()
        self.firewall_id = None if self._egress is None else self._egress.firewall_id
        subnets = self._make_subnets(self._make_routes())
        self.node_subnet, *further = (made.id for subnet, made in subnets.items() if subnet.role is Role.NODES)
        self.further_node_subnets = tuple(further)
        (self.api_server_subnet,) = (made.id for subnet, made in subnets.items() if subnet.role is Role.CONTROL_PLANE)
        (self.endpoint_subnet,) = (made.id for subnet, made in subnets.items() if subnet.role is Role.ENDPOINTS)
        (self.api_server_cidr,) = cidrs_of(spec, Role.CONTROL_PLANE)
        self.load_balancer_subnet_name = Role.LOAD_BALANCERS.value
        self.pod_cidr = spec.pod_cidr
        self.dns_zone_ids = self._make_zones()
        self.dns_zones = self._zones_by_feature()
        self.name_policy_id = self._guard_names()
        self.register_outputs({"vnetId": self.vnet_id, "nodeSubnet": self.node_subnet})

    def _make_vnet(self) -> azure_native.network.VirtualNetwork:
        return azure_native.network.VirtualNetwork(
            f"{self._name}-vnet",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            address_space={"address_prefixes": list(self._spec.cidrs)},
            encryption={"enabled": True, "enforcement": "AllowUnencrypted"},
            tags=self._spec.placement.tags(),
            opts=self._guarded,
        )

    def _make_egress(self) -> AzureEgress | None:
        if self._spec.egress is Egress.NONE:
            return None
        return AzureEgress(
            f"{self._name}-egress",
            self._spec,
            resource_group=self._group,
            vnet_name=self._vnet.name,
            opts=self._inside,
        )

    def _make_routes(self) -> azure_native.network.RouteTable:
        """Where nodes send what is meant for the internet: to the firewall, or nowhere."""
        firewall = None if self._egress is None else self._egress.firewall_address
        hop: Manifest = {"next_hop_type": "None"}
        if firewall is not None:
            hop = {"next_hop_type": "VirtualAppliance", "next_hop_ip_address": firewall}
        route: Manifest = {"name": "internet", "address_prefix": EVERYWHERE, **hop}
        return azure_native.network.RouteTable(
            f"{self._name}-routes",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            routes=[] if self._spec.egress is Egress.NAT else [route],
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )

    def _make_subnets(self, routes: azure_native.network.RouteTable) -> dict[Subnet, azure_native.network.Subnet]:
        groups = {role: self._make_security_group(role) for role in sorted({*self._roles()})}
        made: dict[Subnet, azure_native.network.Subnet] = {}
        # Azure refuses two changes of one VNet at the same time: each subnet waits for the one before.
        before: list[pulumi.Resource] = [] if self._egress is None else [self._egress]
        for subnet in subnets_of(self._spec):
            if subnet.role in OWN_SUBNETS:
                continue
            options = pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected, depends_on=before)
            made[subnet] = self._make_subnet(subnet, groups[subnet.role], routes, options)
            before = [made[subnet]]
        return made

    def _roles(self) -> list[Role]:
        return [subnet.role for subnet in subnets_of(self._spec) if subnet.role not in OWN_SUBNETS]

    def _make_subnet(
        self,
        subnet: Subnet,
        security_group: azure_native.network.NetworkSecurityGroup,
        routes: azure_native.network.RouteTable,
        options: pulumi.ResourceOptions,
    ) -> azure_native.network.Subnet:
        nodes = subnet.role is Role.NODES
        translation = None if self._egress is None else self._egress.translation_id
        served = subnet.role is Role.CONTROL_PLANE
        return azure_native.network.Subnet(
            f"{self._name}-{subnet.name}",
            resource_group_name=self._group,
            virtual_network_name=self._vnet.name,
            subnet_name=subnet.name,
            address_prefix=subnet.cidr,
            default_outbound_access=False,
            delegations=[{"name": "api-server", "service_name": CLUSTERS}] if served else None,
            network_security_group={"id": security_group.id},
            route_table={"id": routes.id} if nodes else None,
            nat_gateway={"id": translation} if nodes and translation is not None else None,
            private_endpoint_network_policies="NetworkSecurityGroupEnabled",
            opts=options,
        )

    def _make_security_group(self, role: Role) -> azure_native.network.NetworkSecurityGroup:
        return azure_native.network.NetworkSecurityGroup(
            f"{self._name}-{role}-rules",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            security_rules=as_security_rules(rules_of(self._spec, role)),
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )

    def _make_zones(self) -> dict[str, pulumi.Output[str]]:
        region = self._spec.placement.region
        needed = endpoints(self._spec.provider, self._spec.features)
        names = sorted({zone for endpoint in needed for zone in endpoint.zones_in(region)})
        return {name: self._make_zone(name) for name in names}

    def _make_zone(self, zone: str) -> pulumi.Output[str]:
        made = azure_native.privatedns.PrivateZone(
            f"{self._name}-zone-{zone}",
            resource_group_name=self._group,
            private_zone_name=zone,
            location=GLOBAL,
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )
        azure_native.privatedns.VirtualNetworkLink(
            f"{self._name}-link-{zone}",
            resource_group_name=self._group,
            private_zone_name=made.name,
            virtual_network_link_name=self._spec.placement.stack,
            location=GLOBAL,
            virtual_network={"id": self.vnet_id},
            registration_enabled=False,
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )
        return made.id

    def _zones_by_feature(self) -> dict[Feature, pulumi.Output[str]]:
        region = self._spec.placement.region
        return {
            feature: self.dns_zone_ids[endpoint.zones_in(region)[0]]
            for endpoint in endpoints(self._spec.provider, self._spec.features)
            for feature in sorted(endpoint.features & self._spec.features)
        }

    def _guard_names(self) -> pulumi.Output[str] | None:
        """Let the VNet resolve allowed names only, unless anyone may be reached anyway."""
        if self._spec.egress is Egress.NAT:
            return None
        policy = azure_native.dnsresolver.DnsResolverPolicy(
            f"{self._name}-names",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )
        rules = [
            self._make_name_rule(policy, 100, "allowed", resolvable_domains(self._spec)),
            self._make_name_rule(policy, 200, "refused", (ROOT,)),
        ]
        # The refusal takes effect with the link, so that comes last: before it nothing is refused.
        azure_native.dnsresolver.DnsResolverPolicyVirtualNetworkLink(
            f"{self._name}-names-of-vnet",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            dns_resolver_policy_name=policy.name,
            virtual_network={"id": self.vnet_id},
            tags=self._spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=rules),
        )
        return policy.id

    def _make_name_rule(
        self, policy: azure_native.dnsresolver.DnsResolverPolicy, priority: int, role: str, names: tuple[str, ...]
    ) -> azure_native.dnsresolver.DnsSecurityRule:
        domains = azure_native.dnsresolver.DnsResolverDomainList(
            f"{self._name}-names-{role}",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            domains=list(names),
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )
        return azure_native.dnsresolver.DnsSecurityRule(
            f"{self._name}-name-rule-{role}",
            resource_group_name=self._group,
            location=self._spec.placement.region,
            dns_resolver_policy_name=policy.name,
            dns_resolver_domain_lists=[{"id": domains.id}],
            priority=priority,
            action={"action_type": "Allow" if role == "allowed" else "Block"},
            dns_security_rule_state="Enabled",
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )
