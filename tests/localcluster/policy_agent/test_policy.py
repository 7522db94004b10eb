from __future__ import annotations

from typing import Any

import pytest

from falaj.localcluster.policy_agent.policy import EVERYTHING, read_policy
from tests.localcluster.policy_agent.manifests import policy


@pytest.mark.parametrize(
    ("specification", "directions"),
    [
        ({}, (True, False)),
        ({"ingress": [{}]}, (True, False)),
        ({"egress": [{}]}, (True, True)),
        ({"egress": []}, (True, False)),
        ({"policyTypes": ["Egress"]}, (False, True)),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, (False, True)),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, (True, False)),
        ({"policyTypes": []}, (True, False)),
    ],
)
def test_policy_types_default_as_in_kubernetes(specification: dict[str, Any], directions: tuple[bool, bool]) -> None:
    read = read_policy(policy("any", **specification))

    assert (read.ingress is not None, read.egress is not None) == directions
    assert read.problem == ""


@pytest.mark.parametrize(
    ("specification", "problem"),
    [
        ({"ingress": [{"form": []}]}, "ingress.0.form: Extra inputs are not permitted"),
        ({"ingress": [{"from": [{}]}]}, "ingress.0.from.0: Value error, needs either ipBlock or a selector"),
        (
            {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}]},
            "ingress.0.from.0: Value error, needs either ipBlock or a selector",
        ),
        (
            {"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0/8"}}]}]},
            "egress.0.to.0.ipBlock.cidr: Value error, '10.0.0/8' does not appear to be an IPv4 or IPv6 network",
        ),
        (
            {"ingress": [{"ports": [{"protocol": "ICMP"}]}]},
            "ingress.0.ports.0.protocol: Input should be 'TCP', 'UDP' or 'SCTP'",
        ),
        (
            {"ingress": [{"ports": [{"port": "web", "endPort": 90}]}]},
            "ingress.0.ports.0: Value error, endPort needs a port number that is not above it",
        ),
        (
            {"ingress": [{"ports": [{"port": 90, "endPort": 80}]}]},
            "ingress.0.ports.0: Value error, endPort needs a port number that is not above it",
        ),
        ({"policyTypes": ["Sideways"]}, "policyTypes.0: Input should be 'Ingress' or 'Egress'"),
        (
            {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Like", "values": ["a"]}]}},
            "podSelector.matchExpressions.0.operator: Input should be 'In', 'NotIn', 'Exists' or 'DoesNotExist'",
        ),
        (
            {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In"}]}},
            "podSelector.matchExpressions.0: Value error, In and NotIn need values, Exists and DoesNotExist take none",
        ),
        (
            {"podSelector": {"matchLabels": ["app"]}},
            "podSelector.matchLabels: Value error, must be a map of label to value",
        ),
    ],
)
def test_what_is_not_understood_is_named_and_closes(specification: dict[str, Any], problem: str) -> None:
    read = read_policy(policy("broken", **specification))

    assert (read.namespace, read.name, read.ingress, read.egress) == ("acme", "broken", (), ())
    assert read.problem == problem


def test_an_invalid_policy_still_selects_only_its_pods() -> None:
    read = read_policy(policy("broken", podSelector={"matchLabels": {"app": "web"}}, policyTypes=["Sideways"]))

    assert read.pod_selector.matches({"app": "web"})
    assert not read.pod_selector.matches({"app": "db"})


def test_an_invalid_policy_with_an_invalid_selector_selects_every_pod() -> None:
    read = read_policy(policy("broken", podSelector={"matchNames": ["web"]}))

    assert read.pod_selector == EVERYTHING
