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
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SWITCHES_OF_A_RULE = ("state", "isEnabled")
OFF = (False, "DISABLED")
TELLING_SERVICES = ("sns", "ssm-incidents")
"""Services of AWS that tell people. Others that an alarm may call stop machines or start more of them."""


class Told(NamedTuple):
    """How one kind of alarm tells somebody."""

    whom: str
    switch: str | None = None
    """What turns it off."""


ALARMS: Mapping[str, Mapping[str, Told]] = {
    EKS: {
        "aws:cloudwatch/metricAlarm:MetricAlarm": Told("alarmActions", "actionsEnabled"),
        "aws:cloudwatch/compositeAlarm:CompositeAlarm": Told("alarmActions", "actionsEnabled"),
        TARGET: Told("arn"),
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
        beside=(SUBSCRIPTION, RULE, *(token for alarms in ALARMS.values() for token in alarms)),
    ),
    reads=(
        *(f"{token}:{told.whom}" for alarms in ALARMS.values() for token, told in alarms.items()),
        *(f"{token}:{told.switch}" for alarms in ALARMS.values() for token, told in alarms.items() if told.switch),
        "EventTarget:rule",
        *(f"EventRule:{name}" for name in ("name", *SWITCHES_OF_A_RULE)),
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
    answers = [doubts(alarm, told, plan) for alarm, told in routes]
    telling = [open_questions for open_questions in answers if open_questions is not None]
    if any(not open_questions for open_questions in telling):
        return
    for open_questions in telling:
        yield from open_questions
    if not telling:
        name = "name" if cluster.type == EKS else "resourceName"
        yield Finding(cluster[name].path, "no alarm in the stack that tells anybody", "one that does")


def doubts(alarm: Resource, told: Told, plan: Plan) -> list[Outcome] | None:
    """Return what has to be known before it is clear that an alarm tells somebody; nothing where it tells nobody."""
    switches = [*switches_of(alarm, told, plan)]
    whom = next(alarm.root.select(told.whom))
    addressees = [*whom.items()] if isinstance(whom.value, list) else [whom]
    answers = [(each, tells(each, alarm, told)) for each in addressees]
    if any(switch.value in OFF for _, switch in switches) or all(answer is False for _, answer in answers):
        return None
    not_known = [(holder, switch) for holder, switch in switches if not switch.known]
    if not any(answer for _, answer in answers):
        not_known += [(alarm, each) for each, answer in answers if answer is None]
    return [outcome for holder, each in not_known for outcome in said_of(holder, [each.undecided])]


def switches_of(alarm: Resource, told: Told, plan: Plan) -> Iterator[tuple[Resource, Node]]:
    """Yield what turns an alarm off, with the resource that holds it: its own switch, or those of its rule."""
    if told.switch is not None:
        yield alarm, alarm[told.switch]
    for rule in plan.of_type(RULE):
        targets, switches = companions(rule, plan, TARGET, "rule"), [rule[name] for name in SWITCHES_OF_A_RULE]
        if alarm in targets.certain:
            yield from ((rule, switch) for switch in switches)
        elif alarm in targets.undecided and any(not each.known or each.value in OFF for each in switches):
            yield (rule, rule["name"]) if alarm["rule"].known else (alarm, alarm["rule"])


def tells(addressee: Node, alarm: Resource, told: Told) -> bool | None:
    """Tell whether what an alarm calls is somebody; nothing where that is not known."""
    value = addressee.value
    if alarm.type in ALARMS[AKS] and isinstance(addressee.path.parts[-1], int):
        # Action groups alone can be named there, so that one made elsewhere is one.
        return bool(addressee["actionGroupId"].value if isinstance(value, Mapping) else value)
    if value is UNKNOWN:
        origins = alarm.property_dependencies.get(told.whom, ())
        return True if any(type_of(urn) == TOPIC for urn in origins) else None
    return isinstance(value, str) and value.split(":")[2:3] in [[service] for service in TELLING_SERVICES]


def alarm(kind: str = "aws:cloudwatch/metricAlarm:MetricAlarm", **properties: object) -> Resource:
    """Make an alarm of AWS that tells a topic of the program."""
    made_from = {} if "alarmActions" in properties else {"alarmActions": [topic().urn]}
    return resource(kind, {"alarmActions": [UNKNOWN]} | properties, property_dependencies=made_from)


def rule(**properties: object) -> Resource:
    """Make a rule of EventBridge by the name of "seen"."""
    return resource(RULE, {"name": "seen"} | properties)


def topic(key: object = KMS_KEY) -> Resource:
    """Make a topic that AWS has not made yet."""
    return resource(TOPIC, {"arn": UNKNOWN, "kmsMasterKeyId": key})


_, COMPOSITE, EVENT = ALARMS[EKS]
ACTIVITY, QUERY, MEASURED = ALARMS[AKS]
TOPIC_ARN = "arn:aws:sns:me-central-1:111122223333:security"
STOP = "arn:aws:automate:me-central-1:ec2:stop"
ON_DUTY = "arn:aws:ssm-incidents::111122223333:response-plan/security"
FUNCTION_ARN = "arn:aws:lambda:me-central-1:111122223333:function:security"
OFF_RULE = other(RULE, isEnabled=False)
ON_RULE = other(RULE, state="ENABLED")
TELLING = {"actionGroups": [{"actionGroupId": UNKNOWN}]}
SOMEBODY = [{"name": "security", "emailAddress": "security@acme.ae"}]
CONTROL.good("a cluster with an alarm", eks(), alarm())
CONTROL.good("a cluster with an alarm of alarms", eks(), alarm(COMPOSITE, actionsEnabled=True))
CONTROL.good("a cluster with events to a topic", eks(), linked(EVENT, topic(), "arn"))
CONTROL.good("a cluster with events to a topic by its ARN", eks(), resource(EVENT, {"arn": TOPIC_ARN}))
CONTROL.good(
    "a cluster with an alarm that stops a machine and tells a topic", eks(), alarm(alarmActions=[STOP, TOPIC_ARN])
)
CONTROL.good(
    "a cluster with events of a rule that is on",
    eks(),
    resource(EVENT, {"arn": TOPIC_ARN, "rule": "seen"}),
    rule(state="ENABLED"),
    rule(name="another", state="DISABLED"),
)
CONTROL.good(
    "a cluster with events of a rule of the program, beside one that is off",
    eks(),
    linked(EVENT, ON_RULE, "rule", arn=TOPIC_ARN),
    ON_RULE,
    rule(state="DISABLED"),
)
CONTROL.good(
    "a cluster with an alarm that tells a topic and who knows what, beside one that may be off",
    eks(),
    alarm(alarmActions=[TOPIC_ARN, UNKNOWN]),
    alarm(COMPOSITE, actionsEnabled=UNKNOWN),
)
CONTROL.good("a cluster with an alarm that calls those on duty", eks(), alarm(alarmActions=[ON_DUTY]))
CONTROL.good(
    "AKS with an alarm on the record of changes", aks(), resource(ACTIVITY, {"enabled": True, "actions": TELLING})
)
CONTROL.good("AKS with an alarm on logs", aks(), resource(QUERY, {"actions": {"actionGroups": [UNKNOWN, ""]}}))
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
CONTROL.bad("an alarm that stops a machine alone", eks(), alarm(alarmActions=[STOP]), finding=f"name: {NOBODY}")
CONTROL.bad("an alarm that calls nothing", eks(), alarm(alarmActions=[None, "sns"]), finding=f"name: {NOBODY}")
CONTROL.bad(
    "events of rules that are off",
    eks(),
    resource(EVENT, {"arn": TOPIC_ARN, "rule": "seen"}),
    rule(state="DISABLED"),
    linked(EVENT, OFF_RULE, "rule", arn=TOPIC_ARN),
    OFF_RULE,
    finding=f"name: {NOBODY}",
)
CONTROL.bad(
    "AKS with an alarm that tells nobody", aks(), resource(ACTIVITY, {"actions": {}}), finding=f"resourceName: {NOBODY}"
)
CONTROL.bad(
    "AKS with alarms that name no group",
    aks(),
    resource(ACTIVITY, {"actions": {"actionGroups": [None, {"webhookProperties": {}}]}}),
    resource(QUERY, {"actions": {"actionGroups": [""]}}),
    finding=f"resourceName: {NOBODY}",
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
CONTROL.unknown(
    "an alarm that calls what another resource made",
    eks(),
    resource("aws:cloudwatch/metricAlarm:MetricAlarm", {"alarmActions": [STOP, UNKNOWN]}),
    at="alarmActions[1]",
)
CONTROL.unknown(
    "AKS with an alarm of groups made elsewhere",
    aks(),
    resource(MEASURED, {"actions": UNKNOWN}),
    at="actions",
)
CONTROL.unknown("events to somebody", eks(), linked(EVENT, other(EVENT), "arn"), at="arn")
CONTROL.unknown(
    "events of a rule that may be off",
    eks(),
    resource(EVENT, {"arn": TOPIC_ARN, "rule": "seen"}),
    rule(state=UNKNOWN),
    at="state",
)
CONTROL.unknown(
    "events of some rule to somebody, where one is off",
    eks(),
    resource(EVENT, {"arn": UNKNOWN, "rule": UNKNOWN}),
    rule(state="DISABLED"),
    at=("rule", "arn"),
)
CONTROL.unknown(
    "events of some rule, where one may be off",
    eks(),
    resource(EVENT, {"arn": TOPIC_ARN, "rule": UNKNOWN}),
    rule(state=UNKNOWN),
    at="rule",
)
CONTROL.good(
    "events of some rule, where all are on",
    eks(),
    resource(EVENT, {"arn": TOPIC_ARN, "rule": UNKNOWN}),
    rule(state="ENABLED"),
)
CONTROL.unknown(
    "events of a rule, where one of no known name may be off",
    eks(),
    resource(EVENT, {"arn": TOPIC_ARN, "rule": "seen"}),
    rule(name=UNKNOWN, isEnabled=UNKNOWN),
    at="name",
)
CONTROL.unknown("a subscription to some topic", topic(), resource(SUBSCRIPTION, {"topic": UNKNOWN}), at="topic")
CONTROL.unknown("receivers made elsewhere", resource(GROUP, {"smsReceivers": UNKNOWN}), at="smsReceivers")
CONTROL.not_applicable("a Service", service())
