"""LOG-009: alarms reach somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import AKS, EKS, aks, eks
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.joins import by_companions, companions, said_of
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_own_kms_key
from policies.resources import Plan, Resource, resource, type_of
from policies.templates import is_set
from policies.values import UNKNOWN

TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
GROUP = "azure-native:monitor:ActionGroup"


class Told(NamedTuple):
    """How one kind of alarm tells somebody."""

    whom: str
    switch: str | None = None
    """What turns it off."""


ALARMS: Mapping[str, Mapping[str, Told]] = {
    EKS: {
        "aws:cloudwatch/metricAlarm:MetricAlarm": Told("alarmActions", "actionsEnabled"),
        "aws:cloudwatch/compositeAlarm:CompositeAlarm": Told("alarmActions", "actionsEnabled"),
        "aws:cloudwatch/eventTarget:EventTarget": Told("arn"),
    },
    AKS: {
        "azure-native:monitor:ActivityLogAlert": Told("actions.actionGroups", "enabled"),
        "azure-native:monitor:ScheduledQueryRule": Told("actions.actionGroups", "enabled"),
        "azure-native:monitor:MetricAlert": Told("actions", "enabled"),
    },
}
"""What raises an alarm in the cloud of each kind of cluster."""
RECEIVERS = tuple(
    f"{kind}Receivers"
    for kind in (
        *("email", "webhook", "sms", "voice", "armRole", "azureAppPush", "azureFunction"),
        *("eventHub", "incident", "itsm", "logicApp", "automationRunbook"),
    )
)

CONTROL = Control(
    id="LOG-009",
    title="Alarms reach somebody",
    harm="A breach is seen by a machine alone, and the hours in which it has to be reported pass.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(EKS, AKS, TOPIC, GROUP),
        view=situated,
        stack_wide=True,
        beside=(SUBSCRIPTION, *(token for alarms in ALARMS.values() for token in alarms)),
    ),
    reads=(
        *(f"{token}:{told.whom}" for alarms in ALARMS.values() for token, told in alarms.items()),
        *(f"{token}:{told.switch}" for alarms in ALARMS.values() for token, told in alarms.items() if told.switch),
        "Topic:arn",
        "Topic:kmsMasterKeyId",
        "TopicSubscription:topic",
        "ActionGroup:enabled",
        *(f"ActionGroup:{name}" for name in RECEIVERS),
    ),
    remedy=(
        "Give the stack an alarm that tells a topic or action group, and the topic or group somebody who listens; "
        "encrypt the topic with a key of our own."
    ),
    note=(
        "Asked of a stack that makes a cluster. What an alarm is about is not seen. Alarms of CloudWatch can't be "
        "published under the key that AWS keeps for SNS. Whether an action group may be global is judged by RES-002: "
        "no region in the UAE is known to offer one of its own."
    ),
)


@CONTROL.check
def is_told(found: Situated) -> Iterator[Outcome]:
    """Find a stack that tells nobody, and ways of telling that lead nowhere."""
    one, plan = found.resource, found.plan
    if one.type == TOPIC:
        yield from is_own_kms_key(one["kmsMasterKeyId"])
        yield from is_listened_to(one, plan)
    elif one.type == GROUP:
        yield from one["enabled"].must(lambda value: value is not False, "true, or nothing")
        yield from has_receivers(one)
    else:
        yield from raises_alarms(one, plan)


def is_listened_to(topic: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a topic to which nobody subscribes."""
    subscriptions = companions(topic, plan, SUBSCRIPTION, "topic")
    missing = Finding(topic["arn"].path, "no subscription", "somebody who listens")
    yield from by_companions(subscriptions, "topic", lambda _subscription: iter(()), [missing])


def has_receivers(group: Resource) -> Iterator[Outcome]:
    """Find an action group without receivers."""
    receivers = [group[name] for name in RECEIVERS]
    if any(each.known and each.value for each in receivers):
        return
    if open_questions := [each.undecided for each in receivers if not each.known]:
        yield from open_questions
    else:
        yield from is_set(receivers[0], "a receiver, of whatever kind")


def raises_alarms(cluster: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a stack in which no alarm tells anybody."""
    routes = [(each, told) for token, told in ALARMS[cluster.type].items() for each in plan.of_type(token)]
    answers = [(alarm, [*doubts(alarm, told)], tells(alarm, told)) for alarm, told in routes]
    if any(told and not open_questions for _, open_questions, told in answers):
        return
    perhaps = [(alarm, open_questions) for alarm, open_questions, told in answers if told and open_questions]
    for alarm, open_questions in perhaps:
        yield from said_of(alarm, [each.undecided for each in open_questions])
    if not perhaps:
        name = "name" if cluster.type == EKS else "resourceName"
        yield Finding(cluster[name].path, "no alarm in the stack that tells anybody", "one that does")


def doubts(alarm: Resource, told: Told) -> Iterator[Node]:
    """Yield what has to be known before it is clear that an alarm tells somebody. A name made elsewhere is a name."""
    if told.switch is not None and not alarm[told.switch].known:
        yield alarm[told.switch]
    whom = next(alarm.root.select(told.whom))
    if whom.value is UNKNOWN and not made_from_topic(alarm, told):
        yield whom


def tells(alarm: Resource, told: Told) -> bool:
    """Tell whether an alarm tells somebody, as far as is known."""
    whom = next(alarm.root.select(told.whom)).value
    if told.switch is not None and alarm[told.switch].value is False:
        return False
    if isinstance(whom, str):
        return ":sns:" in whom
    return bool(whom)


def made_from_topic(alarm: Resource, told: Told) -> bool:
    """Tell whether the program made whom an alarm tells from a topic."""
    return any(type_of(urn) == TOPIC for urn in alarm.property_dependencies.get(told.whom, ()))


def alarm(kind: str = "aws:cloudwatch/metricAlarm:MetricAlarm", **properties: object) -> Resource:
    """Make an alarm of AWS that tells a topic of the program."""
    return resource(kind, {"alarmActions": [UNKNOWN]} | properties)


def topic(key: object = KMS_KEY) -> Resource:
    """Make a topic that AWS has not made yet."""
    return resource(TOPIC, {"arn": UNKNOWN, "kmsMasterKeyId": key})


METRIC, COMPOSITE, EVENT = ALARMS[EKS]
ACTIVITY, QUERY, MEASURED = ALARMS[AKS]
TOPIC_ARN = "arn:aws:sns:me-central-1:111122223333:security"
FUNCTION_ARN = "arn:aws:lambda:me-central-1:111122223333:function:security"
TELLING = {"actionGroups": [{"actionGroupId": UNKNOWN}]}
SOMEBODY = [{"name": "security", "emailAddress": "security@acme.ae"}]
CONTROL.good("a cluster with an alarm", eks(), alarm())
CONTROL.good("a cluster with an alarm of alarms", eks(), alarm(COMPOSITE, actionsEnabled=True))
CONTROL.good("a cluster with events to a topic", eks(), linked(EVENT, topic(), "arn"))
CONTROL.good("a cluster with events to a topic by its ARN", eks(), resource(EVENT, {"arn": TOPIC_ARN}))
CONTROL.good(
    "AKS with an alarm on the record of changes", aks(), resource(ACTIVITY, {"enabled": True, "actions": TELLING})
)
CONTROL.good("AKS with an alarm on logs", aks(), resource(QUERY, {"actions": TELLING}))
CONTROL.good(
    "AKS with an alarm on measurements",
    aks(),
    resource(MEASURED, {"enabled": True, "actions": [{"actionGroupId": UNKNOWN}]}),
)
CONTROL.good("a topic with somebody who listens", topic(), linked(SUBSCRIPTION, topic(), "topic"))
CONTROL.good("a group with a mailbox", resource(GROUP, {"enabled": True, "emailReceivers": SOMEBODY}))
CONTROL.good("a group with a program", resource(GROUP, {"logicAppReceivers": [{"name": "desk"}]}))
NOBODY = "found no alarm in the stack that tells anybody, expected one that does"
CONTROL.bad("a cluster without alarms", eks(), finding=f"name: {NOBODY}")
CONTROL.bad("AKS with an alarm of the other cloud", aks(), alarm(), finding=f"resourceName: {NOBODY}")
CONTROL.bad(
    "alarms that tell nobody, or are off",
    eks(),
    alarm(alarmActions=[], actionsEnabled=UNKNOWN),
    alarm(COMPOSITE, actionsEnabled=False),
    finding=f"name: {NOBODY}",
)
CONTROL.bad("events for a program alone", eks(), resource(EVENT, {"arn": FUNCTION_ARN}), finding=f"name: {NOBODY}")
CONTROL.bad(
    "AKS with an alarm that tells nobody", aks(), resource(ACTIVITY, {"actions": {}}), finding=f"resourceName: {NOBODY}"
)
CONTROL.bad(
    "a topic under a key of AWS to which nobody listens",
    topic(KMS_ALIAS_OF_AWS),
    linked(SUBSCRIPTION, other(TOPIC), "topic"),
    finding=(
        f"kmsMasterKeyId: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
        "arn: found no subscription, expected somebody who listens",
    ),
)
CONTROL.bad(
    "a group that is off and has nobody",
    resource(GROUP, {"enabled": False, "emailReceivers": []}),
    finding=(
        "enabled: found false, expected true, or nothing",
        "emailReceivers: found [], expected a receiver, of whatever kind",
    ),
)
CONTROL.unknown("an alarm that may be off", eks(), alarm(actionsEnabled=UNKNOWN), at="actionsEnabled")
CONTROL.unknown("an alarm that may tell nobody", eks(), alarm(alarmActions=UNKNOWN), at="alarmActions")
CONTROL.unknown(
    "an alarm that is off, and one that may be",
    eks(),
    alarm(actionsEnabled=False),
    alarm(COMPOSITE, actionsEnabled=UNKNOWN),
    at="actionsEnabled",
)
CONTROL.unknown("events to somebody", eks(), linked(EVENT, other(EVENT), "arn"), at="arn")
CONTROL.unknown("a subscription to some topic", topic(), resource(SUBSCRIPTION, {"topic": UNKNOWN}), at="topic")
CONTROL.unknown("receivers made elsewhere", resource(GROUP, {"smsReceivers": UNKNOWN}), at="smsReceivers")
CONTROL.not_applicable("a Service", service())
