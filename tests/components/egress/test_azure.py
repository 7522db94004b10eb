from __future__ import annotations

from falaj.catalog.private_access import Feature
from tests.components.network.networks import AZURE_TRANSLATED, THROUGH_FIREWALL, in_azure, placement
from tests.components.network.plans import plan_of

WITH_FIREWALL = in_azure(**THROUGH_FIREWALL)


def test_the_firewall_passes_https_to_the_names_and_nothing_else() -> None:
    spec = in_azure(**THROUGH_FIREWALL, features=frozenset(Feature))

    (group,) = plan_of(spec).typed("azure-native:network:FirewallPolicyRuleCollectionGroup")
    (collection,) = group.inputs["ruleCollections"]
    assert collection["action"] == {"type": "Allow"}
    assert collection["rules"] == [
        {
            "ruleType": "ApplicationRule",
            "name": "names",
            "protocols": [{"protocolType": "Https", "port": 443}],
            "sourceAddresses": ["10.40.0.0/18"],
            "targetFqdns": ["*.bank.ae", "api.example.ae", "login.microsoftonline.com"],
        }
    ]


def test_the_firewall_has_the_only_public_address_and_translates_nothing_that_comes_in() -> None:
    plan = plan_of(WITH_FIREWALL)

    (address,) = plan.typed("azure-native:network:PublicIPAddress")
    (firewall,) = plan.typed("azure-native:network:AzureFirewall")
    assert address.urn in firewall.dependencies
    assert "natRuleCollections" not in firewall.inputs
    assert (address.protect, firewall.protect) == (True, True)


def test_nodes_send_what_is_meant_for_the_internet_to_the_firewall() -> None:
    plan = plan_of(WITH_FIREWALL)

    (routes,) = plan.typed("azure-native:network:RouteTable")
    (route,) = routes.inputs["routes"]
    assert (route["addressPrefix"], route["nextHopType"]) == ("0.0.0.0/0", "VirtualAppliance")
    (firewall,) = plan.typed("azure-native:network:AzureFirewall")
    assert firewall.urn in routes.dependencies


def test_the_firewall_spans_the_zones_that_exist() -> None:
    nowhere = in_azure(**THROUGH_FIREWALL, zones=[], placement=placement("dr", "uaecentral", "dr"))

    for spec, zones in ((WITH_FIREWALL, ["1", "2", "3"]), (nowhere, [])):
        (firewall,) = plan_of(spec).typed("azure-native:network:AzureFirewall")
        assert firewall.inputs["zones"] == zones


def test_in_development_translation_belongs_to_the_subnet_of_nodes_only() -> None:
    plan = plan_of(in_azure(**AZURE_TRANSLATED))

    assert plan.typed("azure-native:network:AzureFirewall") == []
    translated = [each for each in plan.typed("azure-native:network:Subnet") if "natGateway" in each.inputs]
    assert [each.inputs["subnetName"] for each in translated] == ["nodes"]
    (routes,) = plan.typed("azure-native:network:RouteTable")
    assert routes.inputs["routes"] == []
