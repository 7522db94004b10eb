from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from components.network.layout import Role
from components.network.rules import Rule, as_security_rules, rules_of
from tests.components.network.networks import AZURE_TRANSLATED, THROUGH_FIREWALL, in_azure

ROLES = (Role.NODES, Role.CONTROL_PLANE, Role.ENDPOINTS, Role.LOAD_BALANCERS)
EGRESS = st.sampled_from([{}, THROUGH_FIREWALL, AZURE_TRANSLATED])


def shown(rule: Rule) -> str:
    direction, verdict = ("in" if rule.inbound else "out"), ("allow" if rule.allowed else "refuse")
    return f"{verdict} {direction} {','.join(rule.sources)} > {','.join(rule.targets)} {','.join(rule.ports)}"


def test_nodes_hear_each_other_the_api_server_and_clients_and_nobody_else() -> None:
    assert [shown(rule) for rule in rules_of(in_azure(), Role.NODES)] == [
        "allow in 10.40.0.0/18 > 10.40.0.0/18,100.64.0.0/14 *",
        "allow in 100.64.0.0/14 > 100.64.0.0/14 *",
        "allow in 10.40.216.0/28 > 10.40.0.0/18,100.64.0.0/14 *",
        "allow in AzureLoadBalancer > 10.40.0.0/18,10.40.204.0/22 *",
        "allow in VirtualNetwork > 10.40.0.0/18,10.40.204.0/22 443",
        "refuse in * > * *",
        "refuse out * > Internet *",
    ]


def test_a_way_out_opens_one_port() -> None:
    without = rules_of(in_azure(), Role.NODES)

    for way in (THROUGH_FIREWALL, AZURE_TRANSLATED):
        (opened,) = {*rules_of(in_azure(**way), Role.NODES)} - {*without}
        assert shown(opened) == "allow out 10.40.0.0/18 > Internet 443"


def test_operators_reach_the_api_server_and_the_endpoints_over_tls() -> None:
    spec = in_azure(operator_networks=["10.9.0.0/24", "10.9.1.0/24"])

    opened = {role: [shown(rule) for rule in {*rules_of(spec, role)} - {*rules_of(in_azure(), role)}] for role in ROLES}
    assert opened == {
        Role.NODES: [],
        Role.CONTROL_PLANE: ["allow in 10.9.0.0/24,10.9.1.0/24 > 10.40.216.0/28 443"],
        Role.ENDPOINTS: ["allow in 10.9.0.0/24,10.9.1.0/24 > 10.40.192.0/22 443"],
        Role.LOAD_BALANCERS: [],
    }


@given(st.sampled_from(ROLES), EGRESS)
def test_nobody_of_the_internet_is_let_in_anywhere(role: Role, way: dict[str, object]) -> None:
    allowed = [rule for rule in rules_of(in_azure(**way), role) if rule.inbound and rule.allowed]

    assert not [rule for rule in allowed if {*rule.sources} & {"*", "Internet", "0.0.0.0/0"}]


@given(st.sampled_from(ROLES), EGRESS)
def test_priorities_are_unique_in_each_direction_and_refusals_are_last(role: Role, way: dict[str, object]) -> None:
    rules = as_security_rules(rules_of(in_azure(**way), role))

    for direction in ("Inbound", "Outbound"):
        priorities = [rule["priority"] for rule in rules if rule["direction"] == direction]
        assert len({*priorities}) == len(priorities)
    assert {rule["priority"] for rule in rules if rule["access"] == "Deny"} == {4096}
    assert any((rule["direction"], rule["access"]) == ("Inbound", "Deny") for rule in rules)
