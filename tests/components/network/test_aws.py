from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import pytest

from components.identities.names import names_of
from components.network.aws import AwsNetwork
from falaj.catalog.private_access import Feature
from tests.components.network.networks import AWS_TRANSLATED, THROUGH_FIREWALL, in_aws
from tests.components.network.plans import LOG_KEY, ROLE, made, plan_of
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

BARE = frozenset({Feature.KUBERNETES, Feature.REGISTRY, Feature.IDENTITY, Feature.MACHINES})
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
UNTAGGABLE = {
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions",
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
    "aws:networkfirewall/loggingConfiguration:LoggingConfiguration",
    "aws:route53/resolverFirewallRule:ResolverFirewallRule",
    "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
}
"""Types that AWS gives no tags."""


def logical_names(plan: Plan, type_token: str) -> list[str]:
    return sorted(each.name for each in plan.typed(type_token))


def services(plan: Plan) -> dict[str, str]:
    found = plan.typed("aws:ec2/vpcEndpoint:VpcEndpoint")
    return {
        each.inputs["serviceName"].removeprefix("com.amazonaws.me-central-1."): each.inputs["vpcEndpointType"]
        for each in found
    }


def strings(value: Any) -> list[str]:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


def test_equals_its_snapshot() -> None:
    assert_golden("aws_network", plan_of(in_aws()))


def test_equals_its_snapshot_in_a_preview_with_a_firewall() -> None:
    spec = in_aws(**THROUGH_FIREWALL, further_cidrs=["100.64.0.0/16"])

    assert_golden("aws_network_firewall_preview", plan_of(spec, preview=True))


def test_a_private_cluster_finds_every_service_it_uses_inside_the_network() -> None:
    assert services(plan_of(in_aws(features=BARE))) == {
        "s3": "Gateway",
        "ec2": "Interface",
        "ecr.api": "Interface",
        "ecr.dkr": "Interface",
        "eks": "Interface",
        "eks-auth": "Interface",
        "sts": "Interface",
    }


def test_a_feature_more_is_an_endpoint_more_and_nothing_else_changes() -> None:
    before = plan_of(in_aws(features=BARE)).resources
    after = plan_of(in_aws(features=BARE | {Feature.BACKUP})).resources

    assert [after[urn].name for urn in after.keys() - before.keys()] == ["network-endpoint-backup"]
    changed = {urn for urn in before if before[urn].inputs != after[urn].inputs}
    assert [before[urn].type for urn in changed] == ["falaj:index:AwsNetwork"]


def test_without_a_way_out_there_is_no_door_no_public_address_and_no_route() -> None:
    plan = plan_of(in_aws())

    for absent in ("eip:Eip", "internetGateway:InternetGateway", "natGateway:NatGateway", "route:Route"):
        assert plan.typed(f"aws:ec2/{absent}") == []
    (block,) = plan.typed("aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions")
    assert block.inputs == {"internetGatewayBlockMode": "block-bidirectional"}


@pytest.mark.parametrize("way", [{}, THROUGH_FIREWALL, AWS_TRANSLATED])
def test_no_subnet_gives_a_machine_a_public_address(way: dict[str, Any]) -> None:
    subnets = plan_of(in_aws(**way), preview=True).typed("aws:ec2/subnet:Subnet")

    assert {subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets} == {False}


@pytest.mark.parametrize("way", [{}, THROUGH_FIREWALL, AWS_TRANSLATED])
def test_nobody_is_let_in_but_nodes_pods_and_operators(way: dict[str, Any]) -> None:
    spec = in_aws(**way, further_cidrs=["100.64.0.0/16"], operator_networks=["10.9.0.0/24"])
    plan = plan_of(spec, preview=True)

    rules = plan.typed("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert sorted((rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in rules) == [
        ("10.20.0.0/18", 443, 443),
        ("10.20.128.0/18", 443, 443),
        ("10.20.64.0/18", 443, 443),
        ("10.9.0.0/24", 443, 443),
        ("100.64.0.0/18", 443, 443),
        ("100.64.128.0/18", 443, 443),
        ("100.64.64.0/18", 443, 443),
    ]
    (default,) = plan.typed("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert (default.inputs["ingress"], default.inputs["egress"]) == ([], [])


def test_only_nodes_and_pods_have_routes_and_each_zone_its_own() -> None:
    plan = plan_of(in_aws(further_cidrs=["100.64.0.0/16"]))

    assert logical_names(plan, "aws:ec2/routeTable:RouteTable") == [
        f"network-routes-mec1-az{number}" for number in (1, 2, 3)
    ]
    assert logical_names(plan, "aws:ec2/routeTableAssociation:RouteTableAssociation") == [
        f"network-routes-of-{role}-mec1-az{number}" for role in ("nodes", "pods-2") for number in (1, 2, 3)
    ]
    (main,) = plan.typed("aws:ec2/defaultRouteTable:DefaultRouteTable")
    assert main.inputs["routes"] == []


def test_zones_are_named_by_id_because_their_names_differ_between_accounts() -> None:
    subnets = plan_of(in_aws()).typed("aws:ec2/subnet:Subnet")

    assert {subnet.inputs["availabilityZoneId"] for subnet in subnets} == {"mec1-az1", "mec1-az2", "mec1-az3"}
    assert not [subnet for subnet in subnets if "availabilityZone" in subnet.inputs]


def test_wider_addresses_add_subnets_of_pods_and_replace_nothing() -> None:
    before = plan_of(in_aws()).resources
    after = plan_of(in_aws(further_cidrs=["100.64.0.0/16"])).resources

    assert before.keys() - after.keys() == set()
    changed = {before[urn].type for urn in before if before[urn].inputs != after[urn].inputs}
    assert changed == set()
    added = [after[urn] for urn in after.keys() - before.keys()]
    assert sorted({each.type.rpartition(":")[2] for each in added}) == [
        "RouteTableAssociation",
        "SecurityGroupIngressRule",
        "Subnet",
        "VpcIpv4CidrBlockAssociation",
    ]
    pods = [each for each in added if each.type == "aws:ec2/subnet:Subnet"]
    assert {each.inputs["tags"]["kubernetes.io/role/cni"] for each in pods} == {"1"}


def test_a_zone_more_moves_no_subnet() -> None:
    before = plan_of(in_aws(zones=["mec1-az1", "mec1-az3"])).resources
    after = plan_of(in_aws()).resources

    assert before.keys() - after.keys() == set()
    moved = [urn for urn in before if before[urn].inputs.get("cidrBlock") != after[urn].inputs.get("cidrBlock")]
    assert moved == []


def test_the_resolver_answers_for_allowed_names_and_refuses_the_rest() -> None:
    plan = plan_of(in_aws())

    lists = {
        each.name: each.inputs["domains"]
        for each in plan.typed("aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList")
    }
    assert lists["network-names-refused"] == ["*"]
    assert "*.me-central-1.amazonaws.com" in lists["network-names-allowed"]
    rules = plan.typed("aws:route53/resolverFirewallRule:ResolverFirewallRule")
    assert [(rule.name, rule.inputs["priority"], rule.inputs["action"]) for rule in rules] == [
        ("network-name-rule-allowed", 1, "ALLOW"),
        ("network-name-rule-refused", 2, "BLOCK"),
    ]


def test_every_log_is_encrypted_with_our_key_and_kept_as_long_as_asked() -> None:
    groups = plan_of(in_aws(**THROUGH_FIREWALL), preview=True).typed("aws:cloudwatch/logGroup:LogGroup")

    assert {group.inputs["name"]: group.inputs["retentionInDays"] for group in groups} == {
        "/falaj/aws-me-central-1-prod/firewall-alert": 1827,
        "/falaj/aws-me-central-1-prod/firewall-flow": 1827,
        "/falaj/aws-me-central-1-prod/flow-logs": 1827,
        "/falaj/aws-me-central-1-prod/name-queries": 1827,
    }
    assert {group.inputs["kmsKeyId"] for group in groups} == {LOG_KEY}
    assert all(group.protect for group in groups)


def test_logs_have_the_names_that_roles_and_keys_are_bound_to() -> None:
    bound = names_of(in_aws().placement.stack)
    called = {group.inputs["name"] for group in plan_of(in_aws(**THROUGH_FIREWALL), preview=True).typed(LOG_GROUP)}

    assert bound.flow_log_group in called
    assert not [name for name in called if not any(fnmatch(name, pattern) for pattern in bound.log_groups)]


def test_every_connection_is_logged() -> None:
    (flows,) = plan_of(in_aws()).typed("aws:ec2/flowLog:FlowLog")

    assert (flows.inputs["trafficType"], flows.inputs["iamRoleArn"]) == ("ALL", ROLE)
    assert flows.inputs["logFormat"].endswith("${pkt-src-aws-service} ${pkt-dst-aws-service}")


@pytest.mark.parametrize("way", [{}, THROUGH_FIREWALL, AWS_TRANSLATED])
def test_everything_that_can_bear_tags_bears_them_and_nothing_names_a_region(way: dict[str, Any]) -> None:
    spec = in_aws(**way, further_cidrs=["100.64.0.0/16"])
    registered = [each for each in plan_of(spec, preview=True).resources.values() if each.custom]
    wanted = spec.placement.tags().items()

    bare = {each.type for each in registered if not wanted <= each.inputs.get("tags", {}).items()}
    assert bare - {"pulumi:pulumi:Stack"} <= UNTAGGABLE
    assert not [each.urn for each in registered if "region" in each.inputs]
    foreign = [
        text for each in registered for text in strings(each.inputs) if "-1." in text and "me-central-1" not in text
    ]
    assert foreign == []


def test_what_holds_a_network_together_is_protected_in_production_only() -> None:
    protected = {each.type for each in plan_of(in_aws()).resources.values() if each.protect}

    assert protected == {"aws:cloudwatch/logGroup:LogGroup", "aws:ec2/subnet:Subnet", "aws:ec2/vpc:Vpc"}
    assert not [each for each in plan_of(in_aws(**AWS_TRANSLATED)).resources.values() if each.protect]


def test_known_before_it_exists_are_the_addresses_of_the_api_server_and_of_private_endpoints() -> None:
    network, _ = made(in_aws(), preview=True)

    assert isinstance(network, AwsNetwork)
    assert network.control_plane_cidrs == ("10.20.216.0/28", "10.20.216.16/28", "10.20.216.32/28")
    assert network.endpoint_cidrs == ("10.20.192.0/22", "10.20.196.0/22", "10.20.200.0/22")


def test_each_use_of_an_endpoint_is_a_flow_inside_the_region() -> None:
    plan = plan_of(in_aws(features=[Feature.REGISTRY, Feature.BACKUP]))
    flows = plan.of("falaj:index:AwsNetwork", "network").inputs["dataFlows"]

    assert [(flow["sink"], flow["channel"], flow["data_class"]) for flow in flows] == [
        ("aws/backup", "backup", "financial"),
        ("aws/ecr.api", "image_pull", "internal"),
        ("aws/ecr.dkr", "image_pull", "internal"),
        ("aws/s3", "image_pull", "internal"),
        ("network/resolver", "dns", "operational"),
        ("aws/logs", "log", "operational"),
        ("aws/logs", "log", "operational"),
    ]
    assert {flow["region"] for flow in flows} == {"me-central-1"}
