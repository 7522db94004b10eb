"""Which models a policy lets call, which alarms watch them, and where charts say that images come from."""

from __future__ import annotations

import json

import pytest

from policies.days import EXAMPLE_DAY
from policies.models.alert_rules import IN_AZURE, IN_CLUSTER, alert_rules
from policies.models.model_sources import Source, lies_here
from policies.models.routed_models import may_call_here_alone
from policies.node import Node
from policies.resources import Plan, resource
from policies.workloads.helm import sources_in

ABROAD = "arn:aws:bedrock:us-east-1::foundation-model/x"


@pytest.mark.parametrize(
    ("statement", "paths"),
    [
        ({"Effect": "Deny", "Action": "bedrock:*", "Resource": "*"}, []),
        ({"Effect": "Allow", "Action": "bedrock:*", "Resource": ABROAD}, ["Statement[0].Resource"]),
        ({"Effect": "Allow", "NotAction": "s3:*", "Resource": ABROAD}, ["Statement[0].Resource"]),
        ({"Effect": "Allow", "NotAction": ["s3:*", "bedrock:*"], "Resource": ABROAD}, []),
        ({"Effect": "Allow", "NotAction": "bedrock:*", "Resource": ABROAD}, []),
        (
            {
                "Effect": "Allow",
                "Action": "bedrock:InvokeModel",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:RequestedRegion": "me-central-1"}},
            },
            [],
        ),
        (
            {
                "Effect": "Allow",
                "Action": "bedrock:InvokeModel",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceVpc": "me-central-1"}},
            },
            ["Statement[0].Resource"],
        ),
    ],
)
def test_a_policy_lets_call_models_of_the_region_alone(statement: dict[str, object], paths: list[str]) -> None:
    policy = Node(json.dumps({"Statement": [statement]}))

    assert [str(each.at) for each in may_call_here_alone(policy) if hasattr(each, "at")] == paths


def test_a_rule_says_which_resource_holds_it() -> None:
    rule = {"alert": "drift", "expr": "up", "expression": "up", "labels": {}}
    kept = resource(IN_CLUSTER, {"spec": {"groups": [{"rules": [rule]}]}})
    azure = resource(IN_AZURE, {"rules": [rule]})

    assert {each.urn for each in alert_rules(Plan(EXAMPLE_DAY, resources=(kept,)))} == {kept.urn}
    assert {each.urn for each in alert_rules(Plan(EXAMPLE_DAY, resources=(azure,)))} == {azure.urn}


@pytest.mark.parametrize(
    ("values", "hosts"),
    [
        ({"image": "registry.ae/server:1"}, ["registry.ae"]),
        ({"imageRegistry": "registry.ae/mirror"}, ["registry.ae"]),
        ({"image": {"repository": "registry.ae/server", "tag": "1"}}, ["registry.ae"]),
        ({"image": {"registry": "registry.ae", "repository": "server", "tag": "1"}}, ["registry.ae"]),
        ({"chart": {"repository": "registry.ae/charts"}}, []),
        ({"repository": "registry.ae/nvidia", "image": "driver", "version": "580"}, ["registry.ae"]),
        ({"repository": "https://git.acme.ae", "image": "registry.ae/server:1"}, ["registry.ae"]),
        ({"repository": "", "image": "server"}, ["Docker Hub"]),
        ({"repository": {"url": "registry.ae"}, "image": "server"}, ["Docker Hub"]),
        ({"images": [{"repository": "registry.ae/server", "digest": "sha256:0"}]}, ["registry.ae"]),
    ],
)
def test_values_of_a_chart_say_where_images_come_from(values: object, hosts: list[str]) -> None:
    assert [each.host for each in sources_in(Node(values))] == hosts


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("https://models.s3.me-central-1.amazonaws.com/iris", True),
        ("https://models.s3.eu-west-1.amazonaws.com/iris", False),
        ("https://models.s3.me-central-1.amazonaws.com/https://example.com", False),
        ("https://huggingface.co/iris", False),
        ("iris", False),
    ],
)
def test_a_source_of_models_lies_here_or_not(address: str, here: bool) -> None:
    assert lies_here(Source(Node(address), address), Plan(EXAMPLE_DAY)) is here
