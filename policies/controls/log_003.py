"""LOG-003: the trail of an AWS account is on, whole, signed and encrypted."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import EKS, eks
from policies.examples.encryption import KMS_ALIAS_OF_AWS
from policies.examples.kubernetes import service
from policies.examples.logs import BUCKET, TRAIL, archive_bucket, trail
from policies.geography.whereabouts import STACK_REFERENCE, Vouched, reads_beside, refers_home
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_own_kms_key
from policies.resources import Plan, Resource
from policies.templates import is_true
from policies.values import UNKNOWN

MANAGEMENT = "Management"
CATEGORY = "eventCategory"


class TrailBuckets(Vouched):
    """Buckets of the trail that others keep in the UAE."""


CONTROL = Control(
    id="LOG-003",
    title="The trail of an AWS account is on, whole, signed and encrypted",
    harm="Who changed what in the account is nowhere to be read, or the intruder has rewritten it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(TRAIL, EKS), view=situated, stack_wide=True, beside=(BUCKET, STACK_REFERENCE)),
    reads=(
        *(f"Trail:{name}" for name in ("enableLogging", "enableLogFileValidation", "kmsKeyId", "s3BucketName")),
        "Trail:eventSelectors[*].includeManagementEvents",
        "Trail:eventSelectors[*].readWriteType",
        "Trail:eventSelectors[*].excludeManagementEventSources",
        *(f"Trail:advancedEventSelectors[*].fieldSelectors[*].{name}" for name in ("field", "equals")),
        *reads_beside(BUCKET),
    ),
    remedy="Give the account a trail of all management events with enableLogFileValidation and a KMS key of our own.",
    note=(
        "Asked of a stack that makes a cluster; where the organisation keeps the trail, a waiver says so. Events of "
        "IAM and STS are written in us-east-1, so includeGlobalServiceEvents and isMultiRegionTrail are left to the "
        "owner of the data: with them those events come into the country, and the trail's settings leave it."
    ),
    parameters=TrailBuckets,
)


@CONTROL.check
def is_recorded(found: Situated) -> Iterator[Outcome]:
    """Find a stack without a trail, and what a trail leaves out or leaves open."""
    one, plan = found.resource, found.plan
    if one.type == TRAIL:
        yield from is_whole(one)
        yield from is_safe(one, plan)
    elif not any(plan.of_type(TRAIL)):
        yield Finding(one["name"].path, "no trail in the stack", "one that records who does what to the cluster")


def is_whole(one: Resource) -> Iterator[Outcome]:
    """Find a trail that is off or leaves out management events."""
    yield from one["enableLogging"].must(lambda value: value is not False, "true, or nothing")
    for name, is_of_all in SELECTORS.items():
        given = one[name]
        if given.value in (None, []) or any(each.known and is_of_all(each) for each in given.items()):
            continue
        if given.known:
            yield Finding(given.path, "no selector of all management events", "one that leaves none out")
        else:
            yield given.undecided


def includes_all(selector: Node) -> bool:
    """Tell whether a selector records every management event."""
    narrowed = selector["readWriteType"].value not in (None, "All") or selector["excludeManagementEventSources"].value
    return selector["includeManagementEvents"].value is not False and not narrowed


def selects_all(selector: Node) -> bool:
    """Tell whether an advanced selector records every management event: any field but the category leaves some out."""
    fields = [*selector["fieldSelectors"].items()]
    categories = [value for each in fields for value in each.select("equals[]")]
    return {each["field"].value for each in fields} == {CATEGORY} and MANAGEMENT in [each.value for each in categories]


SELECTORS = {"eventSelectors": includes_all, "advancedEventSelectors": selects_all}


def is_safe(one: Resource, plan: Plan) -> Iterator[Outcome]:
    """Find a trail that can be rewritten unnoticed, is read by others, or lies abroad."""
    yield from is_true(one["enableLogFileValidation"])
    yield from is_own_kms_key(one["kmsKeyId"])
    yield from refers_home(one["s3BucketName"], one, plan, (BUCKET,), plan.parameters(TrailBuckets))


def advanced(*fields: tuple[str, list[str]]) -> dict[str, object]:
    """Describe an advanced selector of these fields."""
    return {"fieldSelectors": [{"field": name, "equals": values} for name, values in fields]}


OF_MANAGEMENT = advanced((CATEGORY, [MANAGEMENT]))
OF_DATA = advanced((CATEGORY, ["Data"]), ("resources.type", ["AWS::S3::Object"]))
CONTROL.good("everything by default", trail(), archive_bucket())
CONTROL.good("told to", trail(enableLogging=True, eventSelectors=[{"readWriteType": "All"}]), archive_bucket())
CONTROL.good("told in detail", trail(advancedEventSelectors=[OF_DATA, OF_MANAGEMENT]), archive_bucket())
CONTROL.good("to a bucket by its name", trail(s3BucketName="acme-audit"), archive_bucket(region="me-central-1"))
CONTROL.good("a cluster in a stack with a trail", eks(), trail(), archive_bucket())
CONTROL.bad(
    "a cluster in a stack without one",
    eks(),
    finding="name: found no trail in the stack, expected one that records who does what to the cluster",
)
CONTROL.bad(
    "off, unsigned and under a key of AWS",
    trail(enableLogging=False, enableLogFileValidation=None, kmsKeyId=KMS_ALIAS_OF_AWS),
    archive_bucket(),
    finding=(
        "enableLogging: found false, expected true, or nothing",
        "enableLogFileValidation: found nothing, expected true",
        f"kmsKeyId: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
    ),
)
for selector in (
    {"includeManagementEvents": False},
    {"readWriteType": "WriteOnly"},
    {"excludeManagementEventSources": ["kms.amazonaws.com"]},
):
    CONTROL.bad(
        f"not all: {next(iter(selector))}",
        trail(eventSelectors=[selector]),
        archive_bucket(),
        finding="eventSelectors: found no selector of all management events, expected one that leaves none out",
    )
for label, more in {
    "other events alone": OF_DATA,
    "who writes": advanced((CATEGORY, [MANAGEMENT]), ("readOnly", ["false"])),
}.items():
    CONTROL.bad(
        f"in detail, {label}",
        trail(advancedEventSelectors=[more]),
        archive_bucket(),
        finding="advancedEventSelectors: found no selector of all management events, expected one that leaves none out",
    )
CONTROL.bad(
    "abroad",
    trail(),
    archive_bucket(region="eu-west-1"),
    finding="region: found eu-west-1, expected a region in the UAE: me-central-1",
)
CONTROL.good(
    "to a bucket that the operator vouches for",
    trail(s3BucketName="elsewhere"),
    parameters=TrailBuckets(in_the_uae=("elsewhere",)),
)
CONTROL.unknown("a key of another resource", trail(kmsKeyId=UNKNOWN), archive_bucket(), at="kmsKeyId")
CONTROL.unknown(
    "a bucket that nobody says the place of", trail(s3BucketName="elsewhere"), archive_bucket(), at="s3BucketName"
)
CONTROL.unknown(
    "selectors made elsewhere",
    trail(advancedEventSelectors=[OF_DATA, UNKNOWN]),
    archive_bucket(),
    at="advancedEventSelectors",
)
CONTROL.not_applicable("a Service", service())
