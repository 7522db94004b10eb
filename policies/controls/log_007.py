"""LOG-007: AWS Config records every change and compares it with the rules."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import EKS, eks
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.joins import by_companions, companions
from policies.outcomes import Finding, Outcome
from policies.resources import Plan, Resource, resource
from policies.templates import is_true
from policies.values import UNKNOWN

RECORDER = "aws:cfg/recorder:Recorder"
STATUS = "aws:cfg/recorderStatus:RecorderStatus"
CHANNEL = "aws:cfg/deliveryChannel:DeliveryChannel"
COMPARISONS = (
    "aws:cfg/conformancePack:ConformancePack",
    "aws:cfg/organizationConformancePack:OrganizationConformancePack",
    "aws:cfg/rule:Rule",
)
EVERYTHING = (None, "ALL_SUPPORTED_RESOURCE_TYPES")

CONTROL = Control(
    id="LOG-007",
    title="AWS Config records every change and compares it with the rules",
    harm="A setting that was weakened by hand stays weak until somebody trips over it, and nobody knows since when.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(RECORDER, EKS), view=situated, stack_wide=True, beside=(STATUS, CHANNEL, *COMPARISONS)),
    reads=(
        "Cluster:name",
        *(f"Recorder:{name}" for name in ("name", "recordingGroup.allSupported")),
        "Recorder:recordingGroup.recordingStrategies[*].useOnly",
        *(f"RecorderStatus:{name}" for name in ("name", "isEnabled")),
    ),
    remedy="Record all supported types, start the recorder, give it a delivery channel, and add a conformance pack.",
    note="Asked of a stack that makes a cluster; where the organisation records the account, a waiver says so.",
)


@CONTROL.check
def is_recorded(found: Situated) -> Iterator[Outcome]:
    """Find a stack that records no changes, and a recorder that leaves some out."""
    if found.resource.type == RECORDER:
        yield from records_all(found.resource)
        yield from is_started(found.resource, found.plan)
        yield from is_of_use(found.resource, found.plan)
    elif not any(found.plan.of_type(RECORDER)):
        yield Finding(found["name"].path, "no recorder in the stack", "one that records what becomes of the cluster")


def records_all(recorder: Resource) -> Iterator[Outcome]:
    """Find types of resources that are left out; a recorder of which nothing is said records all."""
    group = recorder["recordingGroup"]
    yield from group["allSupported"].must(lambda value: value is not False, "true, or nothing")
    for strategy in group["recordingStrategies"].items():
        yield from strategy["useOnly"].must(lambda value: value in EVERYTHING, str(EVERYTHING[1]))


def is_started(recorder: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a recorder that nobody started."""
    states = companions(recorder, plan, STATUS, "name")
    missing = Finding(recorder["name"].path, "no RecorderStatus", "one that starts the recorder")
    yield from by_companions(states, "name", lambda state: is_true(state["isEnabled"]), [missing])


def is_of_use(recorder: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a recorder whose record goes nowhere, or is compared with nothing."""
    if not any(plan.of_type(CHANNEL)):
        yield Finding(recorder["name"].path, "no DeliveryChannel", "one that takes the record to a bucket")
    if not any(plan.of_type(*COMPARISONS)):
        yield Finding(recorder["name"].path, "no rule and no conformance pack", "what the record is compared with")


def recorder(**group: object) -> Resource:
    """Make a recorder with this recording group."""
    return resource(RECORDER, {"name": "default", "recordingGroup": group})


STRATEGY = "recordingGroup.recordingStrategies[0].useOnly"
STARTED = linked(STATUS, recorder(), "name", isEnabled=True)
TO_BUCKET, PACK = resource(CHANNEL, {"s3BucketName": "acme-config"}), resource(COMPARISONS[0], {"name": "cis"})
CONTROL.good("all, as AWS does it", resource(RECORDER, {"name": "default"}), STARTED, TO_BUCKET, PACK)
CONTROL.good(
    "all, told so",
    recorder(allSupported=True, recordingStrategies=[{"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"}]),
    resource(STATUS, {"name": "default", "isEnabled": True}),
    TO_BUCKET,
    resource(COMPARISONS[2], {"name": "encrypted-volumes"}),
)
CONTROL.good("a cluster in a stack with a recorder", eks(), recorder())
CONTROL.bad(
    "a cluster in a stack without one",
    eks(),
    finding="name: found no recorder in the stack, expected one that records what becomes of the cluster",
)
CONTROL.bad(
    "some types",
    recorder(allSupported=False, recordingStrategies=[{"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}]),
    STARTED,
    TO_BUCKET,
    PACK,
    finding=(
        "recordingGroup.allSupported: found false, expected true, or nothing",
        f"{STRATEGY}: found INCLUSION_BY_RESOURCE_TYPES, expected ALL_SUPPORTED_RESOURCE_TYPES",
    ),
)
CONTROL.bad(
    "stopped",
    recorder(),
    linked(STATUS, recorder(), "name", isEnabled=False),
    TO_BUCKET,
    PACK,
    finding="isEnabled: found false, expected true",
)
CONTROL.bad(
    "alone, beside the state of another",
    recorder(),
    linked(STATUS, other(RECORDER), "name", isEnabled=True),
    finding=(
        "name: found no RecorderStatus, expected one that starts the recorder",
        "name: found no DeliveryChannel, expected one that takes the record to a bucket",
        "name: found no rule and no conformance pack, expected what the record is compared with",
    ),
)
CONTROL.unknown(
    "types decided elsewhere",
    recorder(allSupported=UNKNOWN),
    STARTED,
    TO_BUCKET,
    PACK,
    at="recordingGroup.allSupported",
)
CONTROL.unknown(
    "the state of some recorder", recorder(), resource(STATUS, {"name": UNKNOWN}), TO_BUCKET, PACK, at="name"
)
CONTROL.not_applicable("a Service", service())
