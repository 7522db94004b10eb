from __future__ import annotations

from typing import Any

import pytest

from components.network.azure import AzureNetwork
from falaj.catalog.private_access import Feature
from tests.components.network.networks import AZURE_TRANSLATED, THROUGH_FIREWALL, in_azure, placement
from tests.components.network.plans import made, plan_of
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

UNTAGGABLE = {
    "azure-native:network:FirewallPolicyRuleCollectionGroup",
    "azure-native:network:Subnet",
}
"""Types that Azure gives no tags."""
WAYS: list[dict[str, Any]] = [{}, THROUGH_FIREWALL, AZURE_TRANSLATED]


def subnets(plan: Plan) -> dict[str, dict[str, Any]]:
    return {each.inputs["subnetName"]: each.inputs for each in plan.typed("azure-native:network:Subnet")}


def test_equals_its_snapshot() -> None:
    assert_golden("azure_network", plan_of(in_azure()))


def test_equals_its_snapshot_in_a_preview_with_a_firewall() -> None:
    spec = in_azure(**THROUGH_FIREWALL, features=frozenset(Feature), further_cidrs=["10.41.0.0/20"])

    assert_golden("azure_network_firewall_preview", plan_of(spec, preview=True))


def test_equals_its_snapshot_where_the_region_has_no_zones() -> None:
    spec = in_azure(zones=[], placement=placement("azure-uaecentral-dr", "uaecentral", "dr"))

    assert_golden("azure_network_without_zones", plan_of(spec))


def test_a_private_cluster_finds_the_name_of_every_service_it_uses_inside_the_network() -> None:
    features = [Feature.KUBERNETES, Feature.REGISTRY, Feature.KEYS, Feature.MODEL_STORE, Feature.MACHINES]
    zones = plan_of(in_azure(features=features)).typed("azure-native:privatedns:PrivateZone")

    assert [zone.inputs["privateZoneName"] for zone in zones] == [
        "private.uaenorth.azmk8s.io",
        "privatelink.azurecr.io",
        "privatelink.blob.core.windows.net",
        "privatelink.vaultcore.azure.net",
    ]


def test_each_feature_with_an_endpoint_has_the_zone_its_name_lies_in() -> None:
    network, _ = made(in_azure())

    assert isinstance(network, AzureNetwork)
    assert network.dns_zones.keys() == {
        *(Feature.AUDIT, Feature.KEYS, Feature.KUBERNETES, Feature.LOGS),
        *(Feature.METRICS, Feature.MODEL_STORE, Feature.REGISTRY, Feature.SECRETS),
    }
    assert len(network.dns_zone_ids) == 8


def test_without_a_way_out_there_is_no_public_address_and_the_route_leads_nowhere() -> None:
    plan = plan_of(in_azure())

    assert plan.typed("azure-native:network:PublicIPAddress") == []
    (routes,) = plan.typed("azure-native:network:RouteTable")
    assert routes.inputs["routes"] == [{"name": "internet", "addressPrefix": "0.0.0.0/0", "nextHopType": "None"}]
    assert [name for name, subnet in subnets(plan).items() if "routeTable" in subnet] == ["nodes"]


@pytest.mark.parametrize("way", WAYS)
def test_no_subnet_has_the_outbound_access_that_nobody_sees(way: dict[str, Any]) -> None:
    made = subnets(plan_of(in_azure(**way), preview=True))

    assert {subnet["defaultOutboundAccess"] for subnet in made.values()} == {False}


@pytest.mark.parametrize("way", WAYS)
def test_every_subnet_but_the_firewalls_has_a_security_group(way: dict[str, Any]) -> None:
    made = subnets(plan_of(in_azure(**way), preview=True))

    without = {name for name, subnet in made.items() if "networkSecurityGroup" not in subnet}
    assert without <= {"AzureFirewallSubnet"}


@pytest.mark.parametrize("way", WAYS)
def test_no_security_group_lets_the_internet_in(way: dict[str, Any]) -> None:
    groups = plan_of(in_azure(**way), preview=True).typed("azure-native:network:NetworkSecurityGroup")

    inbound = [rule for group in groups for rule in group.inputs["securityRules"] if rule["direction"] == "Inbound"]
    sources = {rule.get("sourceAddressPrefix") for rule in inbound if rule["access"] == "Allow"}
    assert not sources & {"*", "Internet", "0.0.0.0/0"}


def test_the_api_server_has_a_subnet_that_is_delegated_to_it() -> None:
    made = subnets(plan_of(in_azure()))

    (delegation,) = made["control-plane"]["delegations"]
    assert delegation["serviceName"] == "Microsoft.ContainerService/managedClusters"
    assert made["control-plane"]["addressPrefix"] == "10.40.216.0/28"


def test_subnets_are_made_one_after_another() -> None:
    plan = plan_of(in_azure(**THROUGH_FIREWALL))
    made = {each.urn: each for each in plan.typed("azure-native:network:Subnet")}

    waits = {each.name: sum(urn in made for urn in each.dependencies) for each in made.values()}
    assert waits == {
        "network-control-plane": 1,
        "network-egress-subnet": 0,
        "network-endpoints": 1,
        "network-load-balancers": 1,
        "network-nodes": 1,
    }


def test_wider_addresses_add_a_subnet_and_replace_nothing() -> None:
    before = plan_of(in_azure()).resources
    after = plan_of(in_azure(further_cidrs=["10.41.0.0/20"])).resources

    assert [after[urn].name for urn in after.keys() - before.keys()] == ["network-nodes-2"]
    assert before.keys() - after.keys() == set()
    changed = {before[urn].name for urn in before if before[urn].inputs != after[urn].inputs}
    assert changed == {
        *("network-vnet", "network-nodes-rules", "network-control-plane-rules", "network-endpoints-rules"),
    }
    before_vnet = next(each for each in before.values() if each.name == "network-vnet")
    after_vnet = next(each for each in after.values() if each.name == "network-vnet")
    assert before_vnet.inputs["addressSpace"] == {"addressPrefixes": ["10.40.0.0/16"]}
    assert after_vnet.inputs["addressSpace"] == {"addressPrefixes": ["10.40.0.0/16", "10.41.0.0/20"]}


def test_the_vnet_resolves_allowed_names_only_once_both_rules_stand() -> None:
    plan = plan_of(in_azure())

    rules = plan.typed("azure-native:dnsresolver:DnsSecurityRule")
    assert [(rule.inputs["priority"], rule.inputs["action"]) for rule in rules] == [
        (100, {"actionType": "Allow"}),
        (200, {"actionType": "Block"}),
    ]
    (link,) = plan.typed("azure-native:dnsresolver:DnsResolverPolicyVirtualNetworkLink")
    assert {rule.urn for rule in rules} <= {*link.dependencies}


def test_in_development_with_translation_any_name_is_resolved() -> None:
    plan = plan_of(in_azure(**AZURE_TRANSLATED))

    assert plan.typed("azure-native:dnsresolver:DnsSecurityRule") == []


@pytest.mark.parametrize("way", WAYS)
def test_everything_that_can_bear_tags_bears_them_and_lies_in_its_region(way: dict[str, Any]) -> None:
    spec = in_azure(**way)
    registered = [each for each in plan_of(spec, preview=True).resources.values() if each.type.startswith("azure")]
    wanted = spec.placement.tags()

    assert {each.type for each in registered if each.inputs.get("tags") != wanted} <= UNTAGGABLE
    elsewhere = {each.type for each in registered if each.inputs.get("location", "uaenorth") != "uaenorth"}
    assert elsewhere == {"azure-native:privatedns:PrivateZone", "azure-native:privatedns:VirtualNetworkLink"}


def test_what_holds_a_network_together_is_protected_in_production_only() -> None:
    protected = {each.type for each in plan_of(in_azure()).resources.values() if each.protect}

    assert protected == {"azure-native:network:Subnet", "azure-native:network:VirtualNetwork"}
    assert not [each for each in plan_of(in_azure(**AZURE_TRANSLATED)).resources.values() if each.protect]
