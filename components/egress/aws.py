"""The way out of a VPC: address translation in each zone, with a firewall before it or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.egress.flows import flows_of
from components.egress.names import rules_for
from components.network.layout import Role, Subnet, subnets_of
from components.network.retention import log_group_days
from components.network.spec import Egress
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from pulumi_aws.networkfirewall.outputs import FirewallFirewallStatus

    from components.network.spec import NetworkSpec

ANYWHERE = "0.0.0.0/0"
RULE_CAPACITY = 1000
"""Room for rules, fixed when the group is made: five times the most names a spec takes."""
LOG_TYPES = ("ALERT", "FLOW")
BEHIND = (Role.NODES, Role.PODS)
"""Whose answers come back through the firewall."""


class AwsEgress(pulumi.ComponentResource):
    """The only path from nodes to the internet, and none in the other direction.

    Makes an internet gateway and, in each zone, a NAT gateway with an Elastic IP in a subnet of its own. These Elastic
    IPs are the only public addresses of the network: no machine has one, and translation admits answers only. With
    egress `firewall` an AWS Network Firewall stands between nodes and translation in both directions, passes TLS to
    the allowed names and drops and logs the rest.

    Source: https://docs.aws.amazon.com/network-firewall/latest/developerguide/arch-igw-ngw.html
    """

    addresses: tuple[pulumi.Output[str], ...]
    """The public addresses from which others see the network, one for each zone."""
    data_flows: tuple[DataFlow, ...]
    """What leaves through it, and its log."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: NetworkSpec,
        *,
        vpc_id: pulumi.Input[str],
        route_tables: Mapping[str, pulumi.Input[str]],
        log_key: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = flows_of(spec, "aws/logs")
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsEgress", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._vpc_id = name, spec, vpc_id
        self._inside = pulumi.ResourceOptions(parent=self)
        self._plan = {(subnet.role, subnet.zone): subnet for subnet in subnets_of(spec)}

        self._door = aws.ec2.InternetGateway(
            f"{name}-internet", vpc_id=vpc_id, tags=self._tags("internet"), opts=self._inside
        )
        gateways = {zone: self._make_translation(zone) for zone in spec.zones}
        self.addresses = tuple(address.public_ip for _, address, _ in gateways.values())
        if spec.egress is Egress.FIREWALL:
            inspectors = self._make_firewall(log_key)
        for zone, (gateway, _, table) in gateways.items():
            if spec.egress is Egress.FIREWALL:
                self._route_through(zone, inspectors[zone], gateway, route_tables[zone], table)
            else:
                self._make_route(f"out-{zone}", route_tables[zone], ANYWHERE, nat_gateway_id=gateway.id)
        self.register_outputs({"addresses": list(self.addresses)})

    def _tags(self, role: str) -> dict[str, str]:
        return {**self._spec.placement.tags(), "Name": f"{self._spec.placement.stack}-{role}"}

    def _make_subnet(self, subnet: Subnet) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            f"{self._name}-{subnet.name}",
            vpc_id=self._vpc_id,
            cidr_block=subnet.cidr,
            availability_zone_id=subnet.zone,
            map_public_ip_on_launch=False,
            tags=self._tags(subnet.name),
            opts=self._inside,
        )

    def _make_table(self, subnet: Subnet, made: aws.ec2.Subnet) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._name}-routes-{subnet.name}",
            vpc_id=self._vpc_id,
            tags=self._tags(f"routes-{subnet.name}"),
            opts=self._inside,
        )
        aws.ec2.RouteTableAssociation(
            f"{self._name}-routes-of-{subnet.name}", subnet_id=made.id, route_table_id=table.id, opts=self._inside
        )
        return table

    def _make_route(
        self,
        role: str,
        table: pulumi.Input[str],
        destination: str,
        *,
        nat_gateway_id: pulumi.Input[str] | None = None,
        gateway_id: pulumi.Input[str] | None = None,
        vpc_endpoint_id: pulumi.Input[str] | None = None,
    ) -> None:
        aws.ec2.Route(
            f"{self._name}-route-{role}",
            route_table_id=table,
            destination_cidr_block=destination,
            nat_gateway_id=nat_gateway_id,
            gateway_id=gateway_id,
            vpc_endpoint_id=vpc_endpoint_id,
            opts=self._inside,
        )

    def _make_translation(self, zone: str) -> tuple[aws.ec2.NatGateway, aws.ec2.Eip, aws.ec2.RouteTable]:
        subnet = self._plan[Role.GATEWAY, zone]
        made = self._make_subnet(subnet)
        table = self._make_table(subnet, made)
        self._make_route(f"internet-{zone}", table.id, ANYWHERE, gateway_id=self._door.id)
        # Others may have this address on a list of theirs.
        kept = pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected, depends_on=[self._door])
        address = aws.ec2.Eip(
            f"{self._name}-address-{zone}", domain="vpc", tags=self._tags(f"address-{zone}"), opts=kept
        )
        gateway = aws.ec2.NatGateway(
            f"{self._name}-translation-{zone}",
            subnet_id=made.id,
            allocation_id=address.id,
            connectivity_type="public",
            tags=self._tags(f"translation-{zone}"),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._door]),
        )
        return gateway, address, table

    def _route_through(
        self,
        zone: str,
        inspector: tuple[aws.ec2.RouteTable, pulumi.Output[str]],
        gateway: aws.ec2.NatGateway,
        nodes: pulumi.Input[str],
        translation: aws.ec2.RouteTable,
    ) -> None:
        """Lead both directions through the zone's firewall: it drops a connection of which it sees one side only."""
        table, firewall = inspector
        self._make_route(f"out-{zone}", nodes, ANYWHERE, vpc_endpoint_id=firewall)
        self._make_route(f"inspected-{zone}", table.id, ANYWHERE, nat_gateway_id=gateway.id)
        for subnet in subnets_of(self._spec):
            if subnet.zone == zone and subnet.role in BEHIND:
                self._make_route(f"back-{subnet.name}", translation.id, subnet.cidr, vpc_endpoint_id=firewall)

    def _make_firewall(self, log_key: pulumi.Input[str]) -> dict[str, tuple[aws.ec2.RouteTable, pulumi.Output[str]]]:
        """Return, for each zone, the table of the firewall's subnet and the endpoint that leads into it."""
        subnets = {zone: self._make_subnet(self._plan[Role.FIREWALL, zone]) for zone in self._spec.zones}
        firewall = aws.networkfirewall.Firewall(
            f"{self._name}-firewall",
            vpc_id=self._vpc_id,
            firewall_policy_arn=self._make_policy().arn,
            subnet_mappings=[{"subnet_id": subnet.id} for subnet in subnets.values()],
            delete_protection=self._spec.placement.protected,
            tags=self._tags("firewall"),
            opts=pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected),
        )
        self._log(firewall, log_key)
        return {
            zone: (
                self._make_table(self._plan[Role.FIREWALL, zone], subnet),
                _endpoint_in(firewall.firewall_statuses, subnet.id),
            )
            for zone, subnet in subnets.items()
        }

    def _make_policy(self) -> aws.networkfirewall.FirewallPolicy:
        group = aws.networkfirewall.RuleGroup(
            f"{self._name}-rules",
            type="STATEFUL",
            capacity=RULE_CAPACITY,
            rule_group={
                "rules_source": {"rules_string": rules_for(self._spec.reachable_names)},
                "rule_variables": {"ip_sets": [{"key": "HOME_NET", "ip_set": {"definitions": list(self._spec.cidrs)}}]},
                "stateful_rule_options": {"rule_order": "STRICT_ORDER"},
            },
            tags=self._tags("rules"),
            opts=self._inside,
        )
        return aws.networkfirewall.FirewallPolicy(
            f"{self._name}-policy",
            firewall_policy={
                "stateless_default_actions": ["aws:forward_to_sfe"],
                "stateless_fragment_default_actions": ["aws:forward_to_sfe"],
                "stateful_engine_options": {"rule_order": "STRICT_ORDER", "stream_exception_policy": "DROP"},
                "stateful_default_actions": ["aws:drop_established", "aws:alert_established"],
                "stateful_rule_group_references": [{"priority": 1, "resource_arn": group.arn}],
            },
            tags=self._tags("policy"),
            opts=self._inside,
        )

    def _log(self, firewall: aws.networkfirewall.Firewall, key: pulumi.Input[str]) -> None:
        groups = {
            kind: aws.cloudwatch.LogGroup(
                f"{self._name}-log-{kind.lower()}",
                name=f"/falaj/{self._spec.placement.stack}/firewall-{kind.lower()}",
                kms_key_id=key,
                retention_in_days=log_group_days(self._spec.retention_days),
                tags=self._spec.placement.tags(),
                opts=pulumi.ResourceOptions(parent=self, protect=self._spec.placement.protected),
            )
            for kind in LOG_TYPES
        }
        aws.networkfirewall.LoggingConfiguration(
            f"{self._name}-log",
            firewall_arn=firewall.arn,
            logging_configuration={
                "log_destination_configs": [
                    {
                        "log_type": kind,
                        "log_destination_type": "CloudWatchLogs",
                        "log_destination": {"logGroup": group.name},
                    }
                    for kind, group in groups.items()
                ]
            },
            opts=self._inside,
        )


def _endpoint_in(
    statuses: pulumi.Output[Sequence[FirewallFirewallStatus]], subnet: pulumi.Output[str]
) -> pulumi.Output[str]:
    """Return the endpoint that the firewall has in a subnet."""

    def found(known: Sequence[FirewallFirewallStatus], wanted: str) -> str:
        states = (state for status in known for state in status.sync_states or ())
        doors = (door for state in states for door in state.attachments or ())
        for door in doors:
            if door.subnet_id == wanted:
                return str(door.endpoint_id)
        raise LookupError(f"the firewall reports no endpoint in its subnet {wanted}")

    # Not Output.all: it would turn the statuses into plain dicts.
    return statuses.apply(lambda known: subnet.apply(lambda wanted: found(known, wanted)))
