"""A private network in AWS: a VPC over the zones of its region, and the endpoints that its features need."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.egress.aws import AwsEgress
from components.network.flows import flows_of, kept_logs
from components.network.layout import Role, Subnet, cidrs_of, subnets_of
from components.network.names import EVERY_NAME, resolvable_names
from components.network.policies import endpoint_policy
from components.network.retention import log_group_days
from components.network.spec import Egress
from falaj.catalog.data_flows import DataFlow
from falaj.catalog.private_access import EndpointType, endpoints

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

LOG_SINK = "aws/logs"
OWN_SUBNETS = {Role.FIREWALL, Role.GATEWAY}
"""Roles whose subnets the way out makes itself."""
ROUTED = {Role.NODES, Role.PODS}
"""Roles whose subnets have routes beyond the VPC; every other uses its main table, which has none."""
ROLE_TAGS = {
    Role.LOAD_BALANCERS: {"kubernetes.io/role/internal-elb": "1"},
    Role.PODS: {"kubernetes.io/role/cni": "1"},
}
"""How the load balancer controller and the VPC CNI find their subnets."""
FLOW_FIELDS = (
    *("version", "account-id", "vpc-id", "subnet-id", "az-id", "instance-id", "interface-id"),
    *("srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end"),
    *("action", "log-status", "tcp-flags", "flow-direction", "traffic-path", "pkt-srcaddr", "pkt-dstaddr"),
    *("pkt-src-aws-service", "pkt-dst-aws-service"),
)
"""The default fields, and those that tell a pod from its node and a service from an address."""
BLOCK_MODES = {
    Egress.NONE: "block-bidirectional",
    Egress.FIREWALL: "block-ingress",
    Egress.NAT: "block-ingress",
}
"""What the account's block on public access still lets through: nothing, or address translation alone.

An exclusion for the subnets of the way out would be narrower, but does not work where a firewall stands in its path:
https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa-basics.html
"""


class AwsNetwork(pulumi.ComponentResource):
    """A VPC whose nodes have private addresses only and reach AWS through endpoints of the VPC.

    Makes the VPC with its default security group and main route table emptied, a subnet for each role and zone, an
    endpoint for every service its features need, a resolver that answers for allowed names only, flow logs, query logs,
    and the way out that is asked for. Blocks public access for the whole account in this region, and leaves that block
    in place when it is removed itself. Refuses public addresses for nodes, and any rule that lets in more than the
    network's own addresses and the operators' networks.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""
    node_subnets: tuple[pulumi.Output[str], ...]
    """Ids of the subnets of nodes, in the order of the zones. Adding addresses leaves them as they are."""
    pod_subnets: tuple[pulumi.Output[str], ...]
    """Ids of the subnets that hold pods only, in addresses added later; the VPC CNI finds them by their tag."""
    control_plane_subnets: tuple[pulumi.Output[str], ...]
    """Ids of the subnets where the API server enters the network."""
    control_plane_cidrs: tuple[str, ...]
    """Their addresses, known before they exist."""
    load_balancer_subnets: tuple[pulumi.Output[str], ...]
    """Ids of the subnets of internal load balancers."""
    endpoint_cidrs: tuple[str, ...]
    """Addresses of the subnets of private endpoints, known before they exist."""
    endpoint_security_group: pulumi.Output[str]
    """Id of the security group of the endpoints."""
    endpoints: Mapping[str, pulumi.Output[str]]
    """Id of each VPC endpoint by the name of its service, such as `s3`."""
    data_flows: tuple[DataFlow, ...]
    """What crosses its private endpoints and its resolver, and its logs."""
    controls = ("RES-021",)
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: NetworkSpec,
        *,
        log_key: pulumi.Input[str],
        flow_log_role: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = _flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsNetwork", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._guarded = pulumi.ResourceOptions(parent=self, protect=spec.placement.protected)

        self._vpc = self._make_vpc()
        self.vpc_id = self._vpc.id
        self._subnets = self._make_subnets()
        self._tables = self._make_route_tables()
        self.endpoint_security_group = self._make_endpoint_door()
        self.endpoints = self._make_endpoints()
        self._guard_names()
        self._log_flows(log_key, flow_log_role)
        self._log_names(log_key)
        if spec.egress is not Egress.NONE:
            AwsEgress(
                f"{name}-egress",
                spec,
                vpc_id=self.vpc_id,
                route_tables={zone: table.id for zone, table in self._tables.items()},
                log_key=log_key,
                opts=self._inside,
            )
        self.node_subnets = self._ids_of(Role.NODES)
        self.pod_subnets = self._ids_of(Role.PODS)
        self.control_plane_subnets = self._ids_of(Role.CONTROL_PLANE)
        self.load_balancer_subnets = self._ids_of(Role.LOAD_BALANCERS)
        self.control_plane_cidrs, self.endpoint_cidrs = _known_before(spec)
        self.register_outputs({"vpcId": self.vpc_id, "nodeSubnets": list(self.node_subnets)})

    def _ids_of(self, role: Role) -> tuple[pulumi.Output[str], ...]:
        return tuple(made.id for subnet, made in self._subnets.items() if subnet.role is role)

    def _tags(self, role: str) -> dict[str, str]:
        return {**self._spec.placement.tags(), "Name": f"{self._spec.placement.stack}-{role}"}

    def _make_vpc(self) -> aws.ec2.Vpc:
        name, spec = self._name, self._spec
        vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=spec.cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            enable_network_address_usage_metrics=True,
            tags=self._tags("network"),
            opts=self._guarded,
        )
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default-security-group",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=self._tags("unused"),
            opts=self._inside,
        )
        aws.ec2.DefaultRouteTable(
            f"{name}-main-routes",
            default_route_table_id=vpc.default_route_table_id,
            routes=[],
            tags=self._tags("no-routes"),
            opts=self._inside,
        )
        # A setting of the account: left as it is when this stack goes, because others may lean on it.
        aws.ec2.VpcBlockPublicAccessOptions(
            f"{name}-public-access",
            internet_gateway_block_mode=BLOCK_MODES[spec.egress],
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        return vpc

    def _make_subnets(self) -> dict[Subnet, aws.ec2.Subnet]:
        blocks = [
            aws.ec2.VpcIpv4CidrBlockAssociation(
                f"{self._name}-addresses-{number}", vpc_id=self.vpc_id, cidr_block=block, opts=self._guarded
            )
            for number, block in enumerate(self._spec.further_cidrs, 2)
        ]
        return {
            subnet: aws.ec2.Subnet(
                f"{self._name}-{subnet.name}",
                vpc_id=self.vpc_id,
                cidr_block=subnet.cidr,
                availability_zone_id=subnet.zone,
                map_public_ip_on_launch=False,
                tags={**self._tags(subnet.name), **ROLE_TAGS.get(subnet.role, {})},
                opts=pulumi.ResourceOptions(
                    parent=self,
                    protect=self._spec.placement.protected,
                    depends_on=[blocks[subnet.block - 1]] if subnet.block else [],
                ),
            )
            for subnet in subnets_of(self._spec)
            if subnet.role not in OWN_SUBNETS
        }

    def _make_route_tables(self) -> dict[str, aws.ec2.RouteTable]:
        """Return a table for each zone, for nodes and pods: one zone's way out never leads through another."""
        tables = {
            zone: aws.ec2.RouteTable(
                f"{self._name}-routes-{zone}", vpc_id=self.vpc_id, tags=self._tags(f"routes-{zone}"), opts=self._inside
            )
            for zone in self._spec.zones
        }
        for subnet, made in self._subnets.items():
            if subnet.role in ROUTED and subnet.zone is not None:
                aws.ec2.RouteTableAssociation(
                    f"{self._name}-routes-of-{subnet.name}",
                    subnet_id=made.id,
                    route_table_id=tables[subnet.zone].id,
                    opts=self._inside,
                )
        return tables

    def _make_endpoint_door(self) -> pulumi.Output[str]:
        door = aws.ec2.SecurityGroup(
            f"{self._name}-endpoints",
            vpc_id=self.vpc_id,
            description="Private endpoints: TLS from nodes, pods and operators",
            tags=self._tags("endpoints"),
            opts=self._inside,
        )
        for role, cidrs in _callers(self._spec):
            for cidr in cidrs:
                aws.vpc.SecurityGroupIngressRule(
                    f"{self._name}-endpoints-from-{cidr}",
                    security_group_id=door.id,
                    description=f"TLS from {role}",
                    cidr_ipv4=cidr,
                    ip_protocol="tcp",
                    from_port=443,
                    to_port=443,
                    tags=self._tags("endpoints"),
                    opts=self._inside,
                )
        return door.id

    def _make_endpoints(self) -> dict[str, pulumi.Output[str]]:
        spec = self._spec
        made = {}
        for endpoint in endpoints(spec.provider, spec.features):
            role = f"endpoint-{endpoint.name.replace('.', '-')}"
            routed = endpoint.type is EndpointType.GATEWAY
            policy = endpoint_policy(endpoint.name, spec)
            made[endpoint.name] = aws.ec2.VpcEndpoint(
                f"{self._name}-{role}",
                vpc_id=self.vpc_id,
                service_name=endpoint.service_name(spec.placement.region),
                vpc_endpoint_type="Gateway" if routed else "Interface",
                policy=None if policy is None else json.dumps(policy, sort_keys=True),
                route_table_ids=[table.id for table in self._tables.values()] if routed else None,
                private_dns_enabled=None if routed else True,
                subnet_ids=None if routed else list(self._ids_of(Role.ENDPOINTS)),
                security_group_ids=None if routed else [self.endpoint_security_group],
                tags=self._tags(role),
                opts=self._inside,
            ).id
        return made

    def _guard_names(self) -> None:
        """Let the resolver answer for allowed names only, unless anyone may be reached anyway."""
        if self._spec.egress is Egress.NAT:
            return
        name = self._name
        group = aws.route53.ResolverFirewallRuleGroup(
            f"{name}-name-rules", tags=self._tags("name-rules"), opts=self._inside
        )
        self._make_name_rule(group, 1, "allowed", resolvable_names(self._spec))
        self._make_name_rule(group, 2, "refused", (EVERY_NAME,))
        aws.route53.ResolverFirewallRuleGroupAssociation(
            f"{name}-name-rules-of-vpc",
            firewall_rule_group_id=group.id,
            vpc_id=self.vpc_id,
            priority=101,
            tags=self._tags("name-rules"),
            opts=self._inside,
        )

    def _make_name_rule(
        self, group: aws.route53.ResolverFirewallRuleGroup, priority: int, role: str, names: Iterable[str]
    ) -> None:
        domains = aws.route53.ResolverFirewallDomainList(
            f"{self._name}-names-{role}", domains=list(names), tags=self._tags(f"names-{role}"), opts=self._inside
        )
        allowed = role == "allowed"
        aws.route53.ResolverFirewallRule(
            f"{self._name}-name-rule-{role}",
            firewall_rule_group_id=group.id,
            firewall_domain_list_id=domains.id,
            priority=priority,
            action="ALLOW" if allowed else "BLOCK",
            block_response=None if allowed else "NODATA",
            # An allowed name may be an alias, such as that of a load balancer: the answer counts as its own.
            firewall_domain_redirection_action="TRUST_REDIRECTION_DOMAIN",
            opts=self._inside,
        )

    def _log_path(self, log: str) -> str:
        """Roles and keys are bound to this path of the stack before any log under it exists."""
        return f"/falaj/{self._spec.placement.stack}/{log}"

    def _make_log_group(self, role: str, called: str, key: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
        return aws.cloudwatch.LogGroup(
            f"{self._name}-{role}",
            name=called,
            kms_key_id=key,
            retention_in_days=log_group_days(self._spec.retention_days),
            tags=self._spec.placement.tags(),
            opts=self._guarded,
        )

    def _log_flows(self, key: pulumi.Input[str], role: pulumi.Input[str]) -> None:
        group = self._make_log_group("flow-log", self._log_path("flow-logs"), key)
        aws.ec2.FlowLog(
            f"{self._name}-flows",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role,
            log_format=" ".join(f"${{{field}}}" for field in FLOW_FIELDS),
            max_aggregation_interval=60,
            tags=self._tags("flows"),
            opts=self._inside,
        )

    def _log_names(self, key: pulumi.Input[str]) -> None:
        group = self._make_log_group("name-log", self._log_path("name-queries"), key)
        log = aws.route53.ResolverQueryLogConfig(
            f"{self._name}-names", destination_arn=group.arn, tags=self._tags("names"), opts=self._inside
        )
        aws.route53.ResolverQueryLogConfigAssociation(
            f"{self._name}-names-of-vpc",
            resolver_query_log_config_id=log.id,
            resource_id=self.vpc_id,
            opts=self._inside,
        )


def _callers(spec: NetworkSpec) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return who may reach the endpoints, with their addresses."""
    return (
        ("nodes", cidrs_of(spec, Role.NODES)),
        ("pods", cidrs_of(spec, Role.PODS)),
        ("operators", spec.operator_networks),
    )


def _known_before(spec: NetworkSpec) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses where the API server enters the network, and those of private endpoints."""
    return cidrs_of(spec, Role.CONTROL_PLANE), cidrs_of(spec, Role.ENDPOINTS)


def _flows(spec: NetworkSpec) -> tuple[DataFlow, ...]:
    return (
        *flows_of(spec),
        kept_logs(spec, "flows", LOG_SINK, "flow log: addresses, ports and verdicts of every connection"),
        kept_logs(spec, "resolver", LOG_SINK, "query log: every name that was asked for"),
    )
