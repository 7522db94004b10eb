"""TAG-002: stores say whether they hold data about persons, and on which record that rests."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import Tag
from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.examples.tags import in_provider, tagged
from policies.outcomes import Outcome
from policies.ownership.tagging import tag_of
from policies.resources import Resource, resource
from policies.values import UNKNOWN

BUCKET, TABLE = "aws:s3/bucket:Bucket", "aws:dynamodb/table:Table"
ACCOUNT = "azure-native:storage:StorageAccount"
STORES = (
    BUCKET,
    "aws:s3/bucketV2:BucketV2",
    TABLE,
    "aws:ebs/volume:Volume",
    "aws:efs/fileSystem:FileSystem",
    "aws:elasticache/replicationGroup:ReplicationGroup",
    "aws:kinesis/stream:Stream",
    "aws:opensearch/domain:Domain",
    "aws:rds/cluster:Cluster",
    "aws:rds/instance:Instance",
    ACCOUNT,
    "azure-native:compute:Disk",
    "azure-native:cosmosdb:DatabaseAccount",
    "azure-native:dbforpostgresql:Server",
    "azure-native:eventhub:Namespace",
    "azure-native:redis:Redis",
    "azure-native:sql:Database",
)
ABOUT_PERSONS = (DataClass.PERSONAL, DataClass.HEALTH, DataClass.FINANCIAL)
"""Classes of data that are about a person, whatever else they are."""
YES, NO = "yes", "no"
SHORTEST_ID = 3

CONTROL = Control(
    id="TAG-002",
    title="Stores say whether they hold data about persons, and on which record that rests",
    harm="Nobody can answer a person who asks what is kept about them, or an authority that asks why.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=STORES, view=as_is),
    reads=tuple(f"tags.{tag}" for tag in (Tag.PERSONAL_DATA, Tag.PROCESSING_RECORD, Tag.DATA_CLASSIFICATION)),
    remedy=(
        f"Tag the store with {Tag.PERSONAL_DATA}: yes or no, and where it is yes with {Tag.PROCESSING_RECORD}, the "
        "entry of the record of processing activities."
    ),
    note="Data of patients and of a bank's customers are about persons: a store classed so may not say no.",
)


@CONTROL.check
def says_what_it_rests_on(store: Resource) -> Iterator[Outcome]:
    """Find a store that does not say, denies what its class says, or names no record."""
    personal, data_class = tag_of(store, Tag.PERSONAL_DATA.value), tag_of(store, Tag.DATA_CLASSIFICATION.value)
    if not (personal.known and data_class.known):
        yield from (node.undecided for node in (personal, data_class) if not node.known)
        return
    about_persons = data_class.value in ABOUT_PERSONS
    yield from personal.must(
        lambda said: said in ((YES,) if about_persons else (YES, NO)),
        f"{YES}, as its class is {data_class.value}" if about_persons else f"{YES} or {NO}",
    )
    if about_persons or personal.value == YES:
        yield from tag_of(store, Tag.PROCESSING_RECORD.value).must(
            lambda said: isinstance(said, str) and len(said) >= SHORTEST_ID,
            "an entry of the record of processing activities",
        )


NONE = {"personal-data": "no", "ropa-id": None, "data-classification": "internal"}
NO_RECORD = "tags.ropa-id: found {}, expected an entry of the record of processing activities"
CONTROL.good("a bucket with customers' data", tagged(BUCKET))
CONTROL.good("a table without", tagged(TABLE, **NONE))
CONTROL.good("a storage account that is not classed", tagged(ACCOUNT, **NONE | {"data-classification": None}))
CONTROL.good("personal data of another class", tagged(ACCOUNT, **{"data-classification": "internal", "ropa-id": "r-1"}))
CONTROL.good("tags of the provider", in_provider({"personal-data": "no"}, resource(BUCKET, {})))
CONTROL.bad("nothing said", resource(TABLE, {}), finding="tags.personal-data: found nothing, expected yes or no")
CONTROL.bad(
    "perhaps",
    tagged(BUCKET, **NONE | {"personal-data": "maybe"}),
    finding="tags.personal-data: found maybe, expected yes or no",
)
CONTROL.bad(
    "no record",
    tagged(ACCOUNT, **{"ropa-id": None, "data-classification": "public"}),
    finding=NO_RECORD.format("nothing"),
)
CONTROL.bad("a record that is none", tagged(ACCOUNT, **{"ropa-id": "no"}), finding=NO_RECORD.format("no"))
CONTROL.bad(
    "patients' data that are about nobody",
    tagged(TABLE, **NONE | {"data-classification": "health"}),
    finding=(
        "tags.personal-data: found no, expected yes, as its class is health",
        NO_RECORD.format("nothing"),
    ),
)
CONTROL.unknown("tags made elsewhere", resource(BUCKET, {"tags": UNKNOWN}), at="tags")
CONTROL.unknown(
    "a class made elsewhere", tagged(BUCKET, **NONE | {"data-classification": UNKNOWN}), at="tags.data-classification"
)
CONTROL.unknown("a record made elsewhere", tagged(BUCKET, **{"ropa-id": UNKNOWN}), at="tags.ropa-id")
CONTROL.not_applicable("a Service stores nothing", service())
