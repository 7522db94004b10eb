"""RES-004: objects of S3 are copied to the UAE alone, and reached in their region."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import made, other_stack
from policies.examples.residency import ABROAD, HOME, UAE_AWS, arn, first, holding
from policies.geography.origins import arn_lies_home, is_left_out
from policies.geography.whereabouts import BUCKET, STACK_REFERENCE, Vouched, reads_beside, refers_home
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.tables import reads_of
from policies.templates import is_one_of
from policies.values import UNKNOWN


class VouchedBuckets(Vouched):
    """Buckets that this stack does not make, but copies to."""


def to_a_bucket_at_home(node: Node, found: Situated) -> Iterator[Outcome]:
    """Judge the bucket that objects are copied to. Its ARN names no region."""
    vouched = found.plan.parameters(VouchedBuckets)
    yield from refers_home(node, found.resource, found.plan, (BUCKET,), vouched)


def to_tables_at_home(node: Node, found: Situated) -> Iterator[Outcome]:
    """Judge the bucket that tables are copied to. Its ARN names its region."""
    yield from arn_lies_home(node, found.resource)


def is_not_faster(node: Node, _found: Situated) -> Iterator[Outcome]:
    """Find uploads that go through points of presence all over the world."""
    yield from is_one_of(node, (None, "", "Suspended"), "Suspended, or nothing")


def is_not_worldwide(node: Node, _found: Situated) -> Iterator[Outcome]:
    """Find what answers for buckets of several regions."""
    yield node.finding("access points of one bucket")


OLD_BUCKET = "aws:s3/bucketV2:BucketV2"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
ACCELERATION = "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration"
OLD_ACCELERATION = "aws:s3/bucketAccelerateConfigurationV2:BucketAccelerateConfigurationV2"
TABLE_BUCKET_REPLICATION = "aws:s3tables/tableBucketReplication:TableBucketReplication"
TABLE_REPLICATION = "aws:s3tables/tableReplication:TableReplication"
ACCESS_POINT = "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint"
ROUTES = "aws:s3control/multiRegionAccessPointRoutes:MultiRegionAccessPointRoutes"
RULES: dict[str, dict[str, Callable[[Node, Situated], Iterator[Outcome]]]] = {
    REPLICATION: {"rules[].destination.bucket": to_a_bucket_at_home},
    BUCKET: {
        "replicationConfiguration.rules[].destination.bucket": to_a_bucket_at_home,
        "accelerationStatus": is_not_faster,
    },
    OLD_BUCKET: {
        "replicationConfigurations[].rules[].destinations[].bucket": to_a_bucket_at_home,
        "accelerationStatus": is_not_faster,
    },
    ACCELERATION: {"status": is_not_faster},
    OLD_ACCELERATION: {"status": is_not_faster},
    TABLE_BUCKET_REPLICATION: {"rule.destinations[].destinationTableBucketArn": to_tables_at_home},
    TABLE_REPLICATION: {"rule.destinations[].destinationTableBucketArn": to_tables_at_home},
    ACCESS_POINT: {"details.name": is_not_worldwide},
    ROUTES: {"mrap": is_not_worldwide},
}

CONTROL = Control(
    id="RES-004",
    title="Objects of S3 are copied to the UAE alone, and reached in their region",
    harm="Every model, log and backup is copied to another country the moment it is written.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(RULES), view=situated, stack_wide=True, beside=(STACK_REFERENCE,)),
    reads=(*reads_of(RULES), *reads_beside(BUCKET)),
    remedy="Copy to a bucket in me-central-1, and leave out acceleration and access points of several regions.",
    parameters=VouchedBuckets,
    note=(
        "The ARN of a bucket names no region: the bucket has to be one of this stack, whose region is judged, or of "
        "another stack of the project, or the operator has to name it. An access point of several regions sends "
        "requests over a worldwide network even where all its buckets lie here, and the region is the only one of "
        "this provider in the country. What a bucket says of itself counts as much as what is said of it."
    ),
)


@CONTROL.check
def stays_in_the_uae(found: Situated) -> Iterator[Outcome]:
    """Find each copy of objects that leaves the country, and each way to them that does."""
    one = found.resource
    for pattern, judge in RULES[one.type].items():
        whole = one[pattern.partition(".")[0].removesuffix("[]")]
        # A new bucket's provider tells these two only afterwards, of a program that said nothing of them.
        if one.type in (BUCKET, OLD_BUCKET) and is_left_out(whole, one):
            continue
        for node in one.root.select(pattern):
            yield from judge(node, found)


COPY_ARN = "arn:aws:s3:::models-copy"
COPY = made(BUCKET, "copy", bucket="models-copy", region=HOME)


def replication(to: object = COPY_ARN, *made_from: Resource) -> Resource:
    """Return a rule that copies every object."""
    return made(REPLICATION, bucket="models", rules=[{"destination": {"bucket": to}}], made_from={"rules": made_from})


CONTROL.good("to a bucket of the stack", replication(), COPY)
CONTROL.good("to a bucket of the stack that has no ARN yet", replication(UNKNOWN, COPY), COPY)
CONTROL.good("to a bucket of the environment's stack", replication(UNKNOWN, other_stack()), other_stack())
CONTROL.good("no rules", made(REPLICATION, bucket="models", rules=[]))
for token, pattern in (
    (BUCKET, "replicationConfiguration.rules[].destination.bucket"),
    (OLD_BUCKET, next(iter(RULES[OLD_BUCKET]))),
):
    kind = token.rpartition(":")[2]
    CONTROL.good(f"{kind} that copies to one of the stack", made(token, **holding(pattern, COPY_ARN)), COPY)
    CONTROL.good(
        f"{kind} that AWS has not made yet",
        made(token, accelerationStatus=UNKNOWN, **holding(pattern.partition(".")[0].removesuffix("[]"), UNKNOWN)),
    )
    CONTROL.bad(
        f"{kind} that copies abroad",
        made(token, **holding(pattern, COPY_ARN)),
        made(BUCKET, "copy", bucket="models-copy", region=ABROAD),
        finding=f"region: found {ABROAD}, expected {UAE_AWS}",
    )
    CONTROL.bad(
        f"{kind} with acceleration",
        made(token, accelerationStatus="Enabled"),
        finding="accelerationStatus: found Enabled, expected Suspended, or nothing",
    )
    CONTROL.unknown(
        f"{kind} that copies to who knows where", made(token, **holding(pattern, COPY_ARN)), at=first(pattern)
    )
    CONTROL.unknown(
        f"{kind} whose acceleration is made elsewhere",
        made(token, accelerationStatus=UNKNOWN, made_from={"accelerationStatus": [COPY]}),
        at="accelerationStatus",
    )
for token in (ACCELERATION, OLD_ACCELERATION):
    kind = token.rpartition(":")[2]
    CONTROL.good(f"{kind} that is switched off", made(token, status="Suspended"))
    CONTROL.bad(
        f"{kind} that is switched on",
        made(token, status="Enabled"),
        finding="status: found Enabled, expected Suspended, or nothing",
    )
    CONTROL.unknown(f"{kind} made elsewhere", made(token, status=UNKNOWN), at="status")
for token in (TABLE_BUCKET_REPLICATION, TABLE_REPLICATION):
    kind = token.rpartition(":")[2]
    pattern = next(iter(RULES[token]))
    at_home, abroad = (arn(region, "s3tables", "bucket/copy") for region in (HOME, ABROAD))
    CONTROL.good(f"{kind} at home", made(token, **holding(pattern, at_home)))
    CONTROL.good(
        f"{kind} to a bucket of the stack",
        made(
            token,
            **holding(pattern, UNKNOWN),
            made_from={"rule": [made("aws:s3tables/tableBucket:TableBucket", "copy")]},
        ),
    )
    CONTROL.bad(
        f"{kind} abroad",
        made(token, **holding(pattern, abroad)),
        finding=f"{first(pattern)}: found {abroad}, expected an ARN in me-central-1",
    )
    CONTROL.unknown(f"{kind} to a bucket made elsewhere", made(token, **holding(pattern, UNKNOWN)), at=first(pattern))
CONTROL.bad(
    "to a bucket of the stack that lies abroad",
    replication(UNKNOWN, COPY),
    made(BUCKET, "copy", bucket="models-copy", region=ABROAD),
    finding=f"region: found {ABROAD}, expected {UAE_AWS}",
)
CONTROL.bad(
    "an access point of several regions",
    made(ACCESS_POINT, details={"name": "models", "regions": [{"bucket": "models"}]}),
    finding="details.name: found models, expected access points of one bucket",
)
CONTROL.bad(
    "its routes",
    made(ROUTES, mrap="arn:aws:s3::111122223333:accesspoint/models.mrap"),
    finding=("mrap: found arn:aws:s3::111122223333:accesspoint/models.mrap, expected access points of one bucket"),
)
CONTROL.good(
    "to a bucket that the operator vouches for",
    replication(),
    parameters=VouchedBuckets(in_the_uae=(COPY_ARN,)),
)
CONTROL.unknown("to a bucket nobody knows", replication(), at="rules[0].destination.bucket")
CONTROL.unknown("to a bucket made elsewhere", replication(UNKNOWN), at="rules[0].destination.bucket")
CONTROL.unknown(
    "to a bucket of the stack whose region is made elsewhere",
    replication(),
    made(BUCKET, "copy", bucket="models-copy", region=UNKNOWN),
    at="region",
)
CONTROL.not_applicable("an access point of one bucket", made("aws:s3/accessPoint:AccessPoint", bucket="models"))
