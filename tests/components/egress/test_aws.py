from __future__ import annotations

from tests.components.network.networks import AWS_TRANSLATED, THROUGH_FIREWALL, in_aws
from tests.components.network.plans import FIREWALL, LOG_KEY, plan_of
from tests.fakes.monitor import Plan

WITH_FIREWALL = in_aws(**THROUGH_FIREWALL)
ZONES = ("mec1-az1", "mec1-az2", "mec1-az3")


def routes(plan: Plan) -> dict[str, dict[str, str]]:
    """Every route by the role in its name."""
    found = plan.typed("aws:ec2/route:Route")
    return {each.name.removeprefix("network-egress-route-"): each.inputs for each in found}


def test_with_a_firewall_both_directions_lead_through_the_one_of_their_zone() -> None:
    plan = plan_of(WITH_FIREWALL)
    found = routes(plan)

    mappings = plan.of(FIREWALL, "network-egress-firewall").inputs["subnetMappings"]
    doors = {zone: f"door-of-{mapping['subnetId']}" for zone, mapping in zip(ZONES, mappings, strict=True)}
    for zone, door in doors.items():
        assert (found[f"out-{zone}"]["destinationCidrBlock"], found[f"out-{zone}"]["vpcEndpointId"]) == (
            "0.0.0.0/0",
            door,
        )
        assert found[f"back-nodes-{zone}"]["vpcEndpointId"] == door
        assert found[f"back-nodes-{zone}"]["routeTableId"] == found[f"internet-{zone}"]["routeTableId"]
        assert "natGatewayId" in found[f"inspected-{zone}"]
    assert len({*doors.values()}) == 3


def test_only_address_translation_meets_the_internet() -> None:
    plan = plan_of(WITH_FIREWALL)

    to_internet = [route for route in routes(plan).values() if "gatewayId" in route]
    assert len(to_internet) == 3
    translations = plan.typed("aws:ec2/natGateway:NatGateway")
    addresses = plan.typed("aws:ec2/eip:Eip")
    assert (len(translations), len(addresses)) == (3, 3)
    assert {each.inputs["connectivityType"] for each in translations} == {"public"}
    assert not [each for each in addresses if {"instance", "networkInterface"} & each.inputs.keys()]


def test_without_a_firewall_nodes_reach_the_translation_of_their_own_zone() -> None:
    found = routes(plan_of(in_aws(**AWS_TRANSLATED)))

    assert sorted(found) == [f"{role}-{zone}" for role in ("internet", "out") for zone in ZONES]
    assert len({found[f"out-{zone}"]["natGatewayId"] for zone in ZONES}) == 3


def test_public_access_stays_blocked_for_all_but_translation() -> None:
    for spec in (WITH_FIREWALL, in_aws(**AWS_TRANSLATED)):
        (block,) = plan_of(spec).typed("aws:ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions")
        assert block.inputs == {"internetGatewayBlockMode": "block-ingress"}


def test_what_no_rule_names_is_dropped_and_logged() -> None:
    plan = plan_of(WITH_FIREWALL)

    (policy,) = plan.typed("aws:networkfirewall/firewallPolicy:FirewallPolicy")
    rules = policy.inputs["firewallPolicy"]
    assert rules["statefulDefaultActions"] == ["aws:drop_established", "aws:alert_established"]
    assert rules["statefulEngineOptions"] == {"ruleOrder": "STRICT_ORDER", "streamExceptionPolicy": "DROP"}
    assert rules["statelessDefaultActions"] == rules["statelessFragmentDefaultActions"] == ["aws:forward_to_sfe"]
    (log,) = plan.typed("aws:networkfirewall/loggingConfiguration:LoggingConfiguration")
    kinds = [each["logType"] for each in log.inputs["loggingConfiguration"]["logDestinationConfigs"]]
    assert kinds == ["ALERT", "FLOW"]
    assert {group.inputs["kmsKeyId"] for group in plan.typed("aws:cloudwatch/logGroup:LogGroup")} == {LOG_KEY}


def test_addresses_that_others_may_know_and_the_firewall_are_protected_in_production() -> None:
    protected = {each.type for each in plan_of(WITH_FIREWALL).resources.values() if each.protect}

    assert {"aws:ec2/eip:Eip", FIREWALL} <= protected
    assert plan_of(WITH_FIREWALL).of(FIREWALL, "network-egress-firewall").inputs["deleteProtection"] is True


def test_addresses_added_later_come_back_through_the_firewall_too() -> None:
    spec = in_aws(**THROUGH_FIREWALL, further_cidrs=["100.64.0.0/16"])

    added = routes(plan_of(spec)).keys() - routes(plan_of(WITH_FIREWALL)).keys()
    assert added == {f"back-pods-2-{zone}" for zone in ZONES}
    (rules,) = plan_of(spec).typed("aws:networkfirewall/ruleGroup:RuleGroup")
    (home,) = rules.inputs["ruleGroup"]["ruleVariables"]["ipSets"]
    assert home == {"key": "HOME_NET", "ipSet": {"definitions": ["10.20.0.0/16", "100.64.0.0/16"]}}


def test_what_leaves_is_a_flow_that_names_who_may_be_reached() -> None:
    flows = plan_of(WITH_FIREWALL).of("falaj:index:AwsEgress", "network-egress").inputs["dataFlows"]

    assert [(flow["source"], flow["sink"], flow["channel"]) for flow in flows] == [
        ("network/nodes", "network/egress", "https"),
        ("network/egress", "aws/logs", "log"),
    ]
    assert flows[0]["purpose"] == (
        "connections to *.bank.ae, api.example.ae; whoever calls declares what is sent and where that lies"
    )
