from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from components.alerts.aws import AwsAlerts
from components.alerts.events import WATCHED
from components.alerts.spec import AlertsSpec
from components.audit.spec import AuditSpec, audit_log_group
from tests.components.conftest import Run
from tests.components.locked_storage.samples import ACCOUNT, LOG_KEY, aws, azure, only
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

STACK = "aws-me-central-1-prod"
TOPIC = f"arn:aws:sns:me-central-1:{ACCOUNT}:{STACK}-alarms"
MAIL, DESK = "security@example.ae", "https://siem.example.ae/alarms?team=security"
LONGEST_PATTERN = 1024
"""The most characters that CloudWatch takes for one filter."""


def alarmed(run: Run, *receivers: str) -> Plan:
    def program() -> None:
        group = audit_log_group(AuditSpec(**aws(), retention_days=365, immutable_days=90))
        AwsAlerts("alerts", AlertsSpec(**aws(), receivers=receivers), key=LOG_KEY, audit_log_group=group)

    return run(program)


def test_equals_its_snapshot(run: Run) -> None:
    assert_golden("aws_alerts", alarmed(run, MAIL, DESK))


def test_every_alarm_is_on_and_tells_the_topic_under_our_key(run: Run) -> None:
    plan = alarmed(run, MAIL)

    assert only(plan, "aws:sns/topic:Topic").inputs["kmsMasterKeyId"] == LOG_KEY
    (topic,) = plan.typed("aws:sns/topic:Topic")
    alarms = plan.typed("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert {each.inputs["name"] for each in alarms} == {f"{STACK}-{kind}" for kind in (*WATCHED, "silence")}
    for alarm in alarms:
        assert alarm.inputs["actionsEnabled"] is True
        assert len(alarm.inputs["alarmActions"]) == 1
        assert topic.urn in alarm.dependencies


def test_each_alarm_counts_what_its_own_filter_finds(run: Run) -> None:
    plan = alarmed(run, MAIL)

    filters = {each.inputs["name"]: each for each in plan.typed("aws:cloudwatch/logMetricFilter:LogMetricFilter")}
    assert set(filters) == {f"{STACK}-{kind}" for kind in WATCHED}
    for alarm in plan.typed("aws:cloudwatch/metricAlarm:MetricAlarm"):
        counted = filters.get(alarm.inputs["name"])
        if counted is None:
            assert alarm.inputs["dimensions"] == {"LogGroupName": f"/falaj/{STACK}/audit"}
            assert alarm.inputs["treatMissingData"] == "breaching"
            continue
        found = counted.inputs["metricTransformation"]
        assert (found["namespace"], found["name"]) == (alarm.inputs["namespace"], alarm.inputs["metricName"])
        assert counted.inputs["logGroupName"] == f"/falaj/{STACK}/audit"
        assert alarm.inputs["treatMissingData"] == "notBreaching"


@pytest.mark.parametrize("kind", WATCHED)
def test_a_pattern_is_one_that_cloudwatch_takes(kind: str) -> None:
    pattern = WATCHED[kind].pattern

    assert len(pattern) <= LONGEST_PATTERN
    assert (pattern[:2], pattern[-2:]) == ("{ ", " }")
    assert pattern.count("(") == pattern.count(")")


def test_alarms_of_this_stack_alone_publish_and_only_over_tls(run: Run) -> None:
    policy = json.loads(only(alarmed(run, MAIL), "aws:sns/topic:Topic").inputs["policy"])

    assert policy["Statement"] == [
        {
            "Sid": "LetAlarmsTell",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:me-central-1:{ACCOUNT}:alarm:{STACK}-*"},
            },
        },
        {
            "Sid": "RefusePlainConnections",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": TOPIC,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def test_each_receiver_listens_in_its_own_way_and_keeps_its_name_when_another_goes(run: Run) -> None:
    both, one = (
        {
            each.name: each.inputs
            for each in alarmed(run, *receivers).typed("aws:sns/topicSubscription:TopicSubscription")
        }
        for receivers in ((MAIL, DESK), (DESK,))
    )

    assert {name: (each["protocol"], each["endpoint"]) for name, each in both.items()} == {
        "alerts-security-example-ae": ("email", MAIL),
        "alerts-siem-example-ae-alarms-team-security": ("https", DESK),
    }
    assert [*one] == ["alerts-siem-example-ae-alarms-team-security"]


@pytest.mark.parametrize(
    ("receivers", "message"),
    [
        ((), "at least 1 item"),
        (("security",), "String should match pattern"),
        (("http://siem.example.ae",), "String should match pattern"),
        ((MAIL, MAIL.upper().replace("EXAMPLE.AE", "example.ae")), "allowed: each once"),
    ],
)
def test_receivers_that_hear_nothing_are_refused(receivers: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AlertsSpec(**aws(), receivers=receivers)


def test_azure_has_no_action_group_in_the_country() -> None:
    with pytest.raises(ValidationError, match="uaenorth is no region of aws; azure offers no action groups in the UAE"):
        AlertsSpec(**azure(), receivers=(MAIL,))
