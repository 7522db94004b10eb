"""NET-011: object storage refuses anonymous access."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.aws_buckets import BUCKET_NAME, bucket
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.joins import by_companions, companions
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Plan, Resource, resource
from policies.tables import Table, by_table, reads_of
from policies.templates import is_off, is_one_of, is_true
from policies.values import UNKNOWN

BUCKET, FORMER_BUCKET = BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
ACCOUNT = "azure-native:storage:StorageAccount"
CONTAINER = "azure-native:storage:BlobContainer"
SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
RULES: Table = {
    BLOCK: dict.fromkeys(SWITCHES, is_true),
    ACCOUNT_BLOCK: dict.fromkeys(SWITCHES, is_true),
    ACCOUNT: {"allowBlobPublicAccess": is_off},
    CONTAINER: {"publicAccess": lambda node: is_one_of(node, (None, "None"), "None, or nothing")},
}

CONTROL = Control(
    id="NET-011",
    title="Object storage refuses anonymous access",
    harm="One careless policy or list of rights opens models, records and backups to whoever guesses a name.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(*BUCKETS, *RULES), view=situated, stack_wide=True),
    reads=(*reads_of(RULES), "BucketPublicAccessBlock:bucket", "Bucket:bucket", "BucketV2:bucket"),
    remedy="Give each bucket a BucketPublicAccessBlock with all four switches true; leave allowBlobPublicAccess off.",
    note=(
        "A block for the whole account, made by the same stack, stands for one of each bucket. Azure's default is off, "
        "so a storage account and a container may leave it out."
    ),
)


@CONTROL.check
def refuses_everyone(found: Situated) -> Iterator[Outcome]:
    """Find a switch that lets anyone in, and a bucket without any switch."""
    one, plan = found.resource, found.plan
    if one.type in BUCKETS:
        yield from is_blocked(one, plan)
    elif one.urn in plan.index(BLOCK, lambda: with_their_buckets(plan)):
        yield NotApplicable("is judged with its bucket")
    else:
        yield from by_table(RULES, one)


def with_their_buckets(plan: Plan) -> frozenset[str]:
    """Return the blocks whose bucket the stack makes."""
    buckets = plan.of_type(*BUCKETS)
    return frozenset(block.urn for each in buckets for block in companions(each, plan, BLOCK, "bucket").certain)


def is_blocked(bucket: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge the blocks that speak of a bucket; the one of the account, where there is one, is judged on its own."""
    blocks = companions(bucket, plan, BLOCK, "bucket")
    if not blocks.certain and any(plan.of_type(ACCOUNT_BLOCK)):
        return
    missing = Finding(bucket["bucket"].path, "no BucketPublicAccessBlock", "one for the bucket")
    yield from by_companions(blocks, "bucket", lambda block: by_table(RULES, block), [missing])


ON = dict.fromkeys(SWITCHES, True)


def block(token: str = BLOCK, **properties: object) -> Resource:
    """Make a block with all switches on."""
    return resource(token, {"bucket": BUCKET_NAME} | ON | properties)


CONTROL.good("a bucket with its block", bucket(), linked(BLOCK, bucket(), "bucket", **ON))
CONTROL.good("a bucket whose block names it", bucket(), block())
CONTROL.good("a bucket of the former type", bucket(FORMER_BUCKET), linked(BLOCK, bucket(FORMER_BUCKET), "bucket", **ON))
CONTROL.good("a bucket in an account with a block", bucket(), block(ACCOUNT_BLOCK))
CONTROL.good("a block for a bucket of another stack", block())
CONTROL.good("a block for an account", block(ACCOUNT_BLOCK))
CONTROL.good("a storage account", resource(ACCOUNT, {"allowBlobPublicAccess": False}))
CONTROL.good("a container", resource(CONTAINER, {"publicAccess": "None"}))
MISSING = "bucket: found no BucketPublicAccessBlock, expected one for the bucket"
CONTROL.bad("a bucket without a block", bucket(), finding=MISSING)
CONTROL.bad(
    "a bucket beside the block of another",
    bucket(),
    linked(BLOCK, other(BUCKET), "bucket", **ON),
    finding=MISSING,
)
CONTROL.bad(
    "a bucket with half a block, in an account with a block",
    bucket(),
    linked(BLOCK, bucket(), "bucket", **ON | {"blockPublicPolicy": None, "restrictPublicBuckets": False}),
    block(ACCOUNT_BLOCK),
    finding=(
        "blockPublicPolicy: found nothing, expected true",
        "restrictPublicBuckets: found false, expected true",
    ),
)
for token in (BLOCK, ACCOUNT_BLOCK):
    CONTROL.bad(
        f"half a {token.rpartition(':')[2]}",
        block(token, blockPublicAcls=False, ignorePublicAcls=None),
        finding=(
            "blockPublicAcls: found false, expected true",
            "ignorePublicAcls: found nothing, expected true",
        ),
    )
CONTROL.bad(
    "a storage account that lets containers be public",
    resource(ACCOUNT, {"allowBlobPublicAccess": True}),
    finding="allowBlobPublicAccess: found true, expected false, or nothing",
)
CONTROL.bad(
    "a public container",
    resource(CONTAINER, {"publicAccess": "Blob"}),
    finding="publicAccess: found Blob, expected None, or nothing",
)
CONTROL.unknown("decided elsewhere", block(blockPublicAcls=UNKNOWN), at="blockPublicAcls")
CONTROL.unknown("a block of some bucket", bucket(), block(bucket=UNKNOWN), at="bucket")
CONTROL.not_applicable("judged with its bucket", linked(BLOCK, bucket(), "bucket"), bucket())
CONTROL.not_applicable("a Service", service())
