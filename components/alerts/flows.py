"""What moves when an alarm goes off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from components.audit.flows import AUDIT_END, LOG_KEY
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.alerts.spec import AlertsSpec

TOPIC_END = "alarms"
RECEIVERS_END = "alarm-receivers"


def alert_flows(spec: AlertsSpec) -> tuple[DataFlow, ...]:
    """Return the flow of counts from the trail to the topic, and of alarms to those who are told."""
    flow = partial(
        DataFlow,
        region=spec.placement.region,
        data_class=DataClass.OPERATIONAL,
        channel=Channel.TELEMETRY,
        encryption=Encryption.TLS,
    )
    return (
        flow(
            source=AUDIT_END,
            sink=TOPIC_END,
            key=LOG_KEY,
            purpose="how often something happened that somebody has to look at; no record itself",
        ),
        flow(
            source=TOPIC_END,
            sink=RECEIVERS_END,
            purpose="name of an alarm, what it is about and when; whoever names a receiver answers for where it lies",
        ),
    )
