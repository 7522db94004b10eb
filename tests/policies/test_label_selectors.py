"""Selectors of Kubernetes mean what Kubernetes says they mean."""

from __future__ import annotations

import pytest

from policies.networks.label_selectors import selects, selects_plainly
from policies.node import Node
from policies.values import UNKNOWN

LABELS = {"app": "iris", "tier": "smb"}


def expression(operator: str, *values: str, key: str = "app") -> dict[str, object]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "answer"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "iris"}}, True),
        ({"matchLabels": {"app": "iris", "tier": "sovereign"}}, False),
        ({"matchLabels": {"zone": "1"}}, False),
        (expression("In", "iris", "minilm"), True),
        (expression("In", "minilm"), False),
        (expression("In", "1", key="zone"), False),
        (expression("NotIn", "minilm"), True),
        (expression("NotIn", "iris"), False),
        (expression("NotIn", "1", key="zone"), True),
        (expression("Exists"), True),
        (expression("Exists", key="zone"), False),
        (expression("DoesNotExist"), False),
        (expression("DoesNotExist", key="zone"), True),
        (expression("Near", "iris"), False),
        ({"matchLabels": {"app": "iris"}, **expression("NotIn", "smb", key="tier")}, False),
        ({"matchLabels": {"app": UNKNOWN}}, None),
    ],
)
def test_a_selector_means_the_pods_that_meet_all_of_it(selector: object, answer: bool | None) -> None:
    assert selects(Node(selector), Node(LABELS)) is answer


def test_nobody_knows_whether_pods_of_unknown_labels_are_meant() -> None:
    assert selects(Node({"matchLabels": {"app": "iris"}}), Node(UNKNOWN)) is None
    assert selects_plainly(Node({"app": "iris"}), Node(UNKNOWN)) is None


@pytest.mark.parametrize(
    ("selector", "answer"),
    [
        (None, False),
        ({}, False),
        ({"app": "iris"}, True),
        ({"app": "minilm"}, False),
        ({"app": "iris", "zone": "1"}, False),
        (UNKNOWN, None),
    ],
)
def test_a_service_without_a_selector_means_no_pods(selector: object, answer: bool | None) -> None:
    assert selects_plainly(Node(selector), Node(LABELS)) is answer
