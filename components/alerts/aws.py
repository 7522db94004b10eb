"""Alarms of an AWS account: counted in its audit trail, told through a topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.alerts.events import WATCHED
from components.alerts.flows import alert_flows
from components.alerts.spec import receiver_name, topic_name
from components.identities.names import arn_here, names_of
from components.identities.policy import VERSION
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.alerts.spec import AlertsSpec

ALARM_SERVICE = "cloudwatch.amazonaws.com"
FIVE_MINUTES, HOUR = 300, 3600
SILENCE = "silence"
"""Alarm of a trail that has stopped to record: nobody need have stopped it on purpose."""


class AwsAlerts(pulumi.ComponentResource):
    """Tells people when keys, records, stores, ways, the cluster or backups are tampered with, and when all is silent.

    Makes a topic under the key given, a subscription for each receiver, and for each kind of event a filter that counts
    it in the audit trail's log group and an alarm. Refuses publishers but alarms of this stack. What people are told is
    the name of the alarm: the record stays in the trail. Whoever is told by mail confirms it once, by a link.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-alarms-for-cloudtrail.html
    """

    topic: pulumi.Output[str]
    """ARN of the topic."""
    data_flows: tuple[DataFlow, ...]
    """Counts and alarms."""
    controls = ("LOG-009", "RES-021")
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: AlertsSpec,
        *,
        key: pulumi.Input[str],
        audit_log_group: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = alert_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsAlerts", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec, self._group = name, spec, audit_log_group
        self._inside = pulumi.ResourceOptions(parent=self)
        self.topic = self._make_topic(key)
        for kind in WATCHED:
            self._watch(kind)
        self._hear_silence()
        self.register_outputs({"topic": self.topic})

    def _make_topic(self, key: pulumi.Input[str]) -> pulumi.Output[str]:
        topic = aws.sns.Topic(
            f"{self._name}-topic",
            name=topic_name(self._spec.placement.stack),
            kms_master_key_id=key,
            policy=_policy(self._spec),
            signature_version=2,
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )
        for receiver in self._spec.receivers:
            aws.sns.TopicSubscription(
                f"{self._name}-{receiver_name(receiver)}",
                topic=topic.arn,
                protocol="https" if receiver.startswith("https://") else "email",
                endpoint=receiver,
                opts=self._inside,
            )
        return topic.arn

    def _watch(self, kind: str) -> None:
        watched, stack = WATCHED[kind], self._spec.placement.stack
        counted = {"name": kind, "namespace": f"falaj/{stack}", "value": "1", "default_value": "0"}
        counter = aws.cloudwatch.LogMetricFilter(
            f"{self._name}-{kind}-count",
            name=f"{stack}-{kind}",
            log_group_name=self._group,
            pattern=watched.pattern,
            metric_transformation=counted,
            opts=self._inside,
        )
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{kind}",
            name=f"{stack}-{kind}",
            alarm_description=watched.says,
            namespace=counted["namespace"],
            metric_name=kind,
            statistic="Sum",
            period=FIVE_MINUTES,
            evaluation_periods=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=watched.threshold,
            treat_missing_data="notBreaching",
            actions_enabled=True,
            alarm_actions=[self.topic],
            tags=self._spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[counter]),
        )

    def _hear_silence(self) -> None:
        stack = self._spec.placement.stack
        aws.cloudwatch.MetricAlarm(
            f"{self._name}-{SILENCE}",
            name=f"{stack}-{SILENCE}",
            alarm_description="For an hour the audit trail has recorded nothing.",
            namespace="AWS/Logs",
            metric_name="IncomingLogEvents",
            dimensions={"LogGroupName": self._group},
            statistic="Sum",
            period=HOUR,
            evaluation_periods=1,
            comparison_operator="LessThanThreshold",
            threshold=1,
            treat_missing_data="breaching",
            actions_enabled=True,
            alarm_actions=[self.topic],
            tags=self._spec.placement.tags(),
            opts=self._inside,
        )


def _policy(spec: AlertsSpec) -> str:
    """Return who may publish: CloudWatch, for alarms of this stack, and nobody without TLS."""
    topic = arn_here(spec, "sns", topic_name(spec.placement.stack))
    publish = {"Action": "sns:Publish", "Resource": topic}
    alarms: dict[str, object] = {
        "Sid": "LetAlarmsTell",
        "Effect": "Allow",
        "Principal": {"Service": ALARM_SERVICE},
        **publish,
        "Condition": {
            "StringEquals": {"aws:SourceAccount": spec.account},
            "ArnLike": {"aws:SourceArn": arn_here(spec, "cloudwatch", names_of(spec.placement.stack).alarms)},
        },
    }
    plain: dict[str, object] = {
        "Sid": "RefusePlainConnections",
        "Effect": "Deny",
        "Principal": "*",
        **publish,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": VERSION, "Statement": [alarms, plain]})
