"""RES-009: databases, queues and file systems have replicas and backups in the UAE alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.control import Control, Properties, Severity, Situated, Subject, situated
from policies.examples.azure_residency import made
from policies.examples.residency import ABROAD, HOME, HOME_AZURE, UAE_AWS, UAE_AZURE, arn, first, holding
from policies.geography.replicas import (
    AWS,
    AZURE,
    ONE_REGION,
    PairedBackups,
    at_a_location_at_home,
    at_a_location_at_home_if_any,
    at_home,
    at_home_if_any,
    by_name_or_at_home,
    in_a_region_at_home,
    in_a_region_at_home_if_any,
    is_no_member,
    is_not_made_a_member,
    is_worldwide,
)
from policies.outcomes import Outcome
from policies.tables import reads_of
from policies.values import UNKNOWN

RULES = {**AWS, **AZURE}
TABLE = "aws:dynamodb/table:Table"
KEYSPACE = "aws:keyspaces/keyspace:Keyspace"
FILES = "aws:efs/replicationConfiguration:ReplicationConfiguration"
INSTANCE = "aws:rds/instance:Instance"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
COSMOS = "azure-native:cosmosdb:DatabaseAccount"
POSTGRES = "azure-native:dbforpostgresql:Server"
MYSQL = "azure-native:dbformysql:Server"
CITUS = "azure-native:dbforpostgresql:ServerGroupCluster"

CONTROL = Control(
    id="RES-009",
    title="Databases, queues and file systems have replicas and backups in the UAE alone",
    harm="Each row is written abroad as well, seconds after it was written here.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(RULES), view=situated, stack_wide=True),
    reads=(
        *reads_of(RULES),
        f"{TABLE}:globalTableWitness.regionName",
        f"{KEYSPACE}:replicationSpecification.regionLists[*]",
        f"{FILES}:destination.region",
        f"{FILES}:destination.availabilityZoneName",
        f"{COSMOS}:backupPolicy.type",
        f"{COSMOS}:backupPolicy.periodicModeProperties.backupStorageRedundancy",
        *(f"{token}:location" for token in (COSMOS, POSTGRES, MYSQL, CITUS)),
    ),
    remedy="Take the replica out; spread over the zones of the region, and keep a backup at a second site in the UAE.",
    parameters=PairedBackups,
    note=(
        "Where a replica itself lies, RES-001 and RES-002 judge; here, what it says of the others. A cluster made to "
        "span regions is a finding before it has a second member, since AWS has one region in the country. Azure's "
        "paired region lies in the UAE, and Azure decides when to fail over to it: copies there need the operator's "
        "word. A server of PostgreSQL that replicates or restores another one moves data to its own location alone."
    ),
)


@CONTROL.check
def stays_in_the_uae(found: Situated) -> Iterator[Outcome]:
    """Find each replica, and each backup, outside the country."""
    for pattern, judge in RULES[found.resource.type].items():
        for node in found.resource.root.select(pattern):
            yield from judge(node, found)


azure = partial(made, location=HOME_AZURE)
PERIODIC = "backupPolicy.periodicModeProperties.backupStorageRedundancy"
CONTINUOUS: Properties = {"backupPolicy": {"type": "Continuous"}}
ARN_EXPECTED = {
    at_home: "an ARN in me-central-1",
    at_home_if_any: "an ARN in me-central-1",
    by_name_or_at_home: "a name, or an ARN in me-central-1",
}
PRIMARY = made("aws:rds/clusterInstance:ClusterInstance", "primary", identifier="primary")

for token, rules in AWS.items():
    for pattern, judge in rules.items():
        label = f"{token.partition(':')[2]} {pattern}"
        at, top = first(pattern), pattern.partition(".")[0].removesuffix("[]")
        if judge is is_worldwide:
            CONTROL.bad(
                token.partition(":")[2],
                made(token, **holding(pattern, "all")),
                finding=f"{pattern}: found all, expected {ONE_REGION}",
            )
            continue
        if judge in ARN_EXPECTED:
            here, there, expected = arn(HOME), arn(ABROAD), ARN_EXPECTED[judge]
            CONTROL.good(
                f"{label} made by this stack",
                made(token, **holding(pattern, UNKNOWN), made_from={top: [PRIMARY]}),
                PRIMARY,
            )
        elif judge in (in_a_region_at_home, in_a_region_at_home_if_any):
            here, there, expected = HOME, ABROAD, UAE_AWS
        elif judge in (is_no_member, is_not_made_a_member):
            here, there, expected = "", "worldwide", f"nothing: {ONE_REGION}"
        else:
            continue
        CONTROL.good(f"{label} at home", made(token, **holding(pattern, here)))
        CONTROL.bad(
            f"{label} abroad",
            made(token, **holding(pattern, there)),
            finding=f"{at}: found {there}, expected {expected}",
        )
        CONTROL.unknown(
            f"{label} made elsewhere",
            made(token, **holding(pattern, UNKNOWN), made_from={top: [made("pulumi:pulumi:StackReference")]}),
            at=at,
        )
for token, rules in AZURE.items():
    for pattern, judge in rules.items():
        if judge in (at_a_location_at_home, at_a_location_at_home_if_any):
            label = f"{token.partition(':')[2]} {pattern}"
            around: Properties = CONTINUOUS if token == COSMOS else {}
            CONTROL.good(f"{label} at home", azure(token, **holding(pattern, "UAE Central"), **around))
            CONTROL.bad(
                f"{label} abroad",
                azure(token, **holding(pattern, "West Europe"), **around),
                finding=f"{first(pattern)}: found West Europe, expected {UAE_AZURE}",
            )
            CONTROL.unknown(
                f"{label} made elsewhere", azure(token, **holding(pattern, UNKNOWN), **around), at=first(pattern)
            )
for token, pattern, off, on, says in (
    (POSTGRES, "backup.geoRedundantBackup", "Disabled", "Enabled", "Enabled, expected nothing, Disabled"),
    (MYSQL, "backup.geoRedundantBackup", "Disabled", "Enabled", "Enabled, expected nothing, Disabled"),
    (CITUS, "enableGeoBackup", False, True, "true, expected nothing, False"),
):
    label = token.partition(":")[2]
    CONTROL.good(f"{label} with backups here", azure(token, **holding(pattern, off)))
    CONTROL.good(f"{label} that says nothing of backups", azure(token))
    CONTROL.bad(
        f"{label} with backups in the pair",
        azure(token, **holding(pattern, on)),
        finding=f"{pattern}: found {says}",
    )
    CONTROL.unknown(f"{label} with backups decided elsewhere", azure(token, **holding(pattern, UNKNOWN)), at=pattern)
CONTROL.good("Cosmos DB that backs up beside its data", azure(COSMOS, locations=[], **CONTINUOUS))
CONTROL.good("Cosmos DB that backs up across zones", azure(COSMOS, locations=[], **holding(PERIODIC, "Zone")))
CONTROL.bad(
    "Cosmos DB that says nothing of backups",
    azure(COSMOS, locations=[{"locationName": "UAE North"}]),
    finding=f"{PERIODIC}: found nothing, expected Zone, Local",
)
CONTROL.bad(
    "Cosmos DB that backs up to the pair",
    azure(COSMOS, locations=[], **holding(PERIODIC, "Geo")),
    finding=f"{PERIODIC}: found Geo, expected Zone, Local",
)
CONTROL.good(
    "backups in the pair, which the operator allows",
    azure("azure-native:dbforpostgresql:Server", backup={"geoRedundantBackup": "Enabled"}),
    parameters=PairedBackups(in_country_pair=True),
)
CONTROL.unknown(
    "Cosmos DB whose kind of backup is made elsewhere",
    azure(COSMOS, locations=[], backupPolicy={"type": UNKNOWN}),
    at="backupPolicy.type",
)
CONTROL.good("a table without replicas, not made yet", made(TABLE, globalTableWitness=UNKNOWN))
CONTROL.good("a table with its witness at home", made(TABLE, globalTableWitness={"regionName": HOME}))
CONTROL.bad(
    "a table with its witness abroad",
    made(TABLE, globalTableWitness={"regionName": ABROAD}),
    finding=f"globalTableWitness.regionName: found {ABROAD}, expected {UAE_AWS}",
)
CONTROL.unknown(
    "a table with its witness made elsewhere",
    made(TABLE, globalTableWitness={"regionName": UNKNOWN}, made_from={"globalTableWitness": [PRIMARY]}),
    at="globalTableWitness.regionName",
)
CONTROL.good("a cache of one region, not made yet", made(GROUP, globalReplicationGroupId=UNKNOWN))
CONTROL.good("a primary database", made(INSTANCE, identifier="primary"))
CONTROL.good("a replica of a database of the region", made(INSTANCE, replicateSourceDb="primary"))
CONTROL.good("tables of one region", made(KEYSPACE, name="models"))
CONTROL.good("tables of one region, not made yet", made(KEYSPACE, replicationSpecification=UNKNOWN))
CONTROL.good("tables in a list of regions at home", made(KEYSPACE, replicationSpecification={"regionLists": [HOME]}))
CONTROL.bad(
    "tables in several regions",
    made(KEYSPACE, replicationSpecification={"regionLists": [HOME, ABROAD]}),
    finding=f"replicationSpecification.regionLists[1]: found {ABROAD}, expected {UAE_AWS}",
)
CONTROL.unknown(
    "tables in regions made elsewhere",
    made(KEYSPACE, replicationSpecification=UNKNOWN, made_from={"replicationSpecification": [PRIMARY]}),
    at="replicationSpecification",
)
CONTROL.good("files copied to a region at home", made(FILES, destination={"region": HOME}))
CONTROL.good("files copied to a zone at home", made(FILES, destination={"availabilityZoneName": f"{HOME}b"}))
CONTROL.bad(
    "files copied abroad",
    made(FILES, destination={"region": ABROAD}),
    finding=f"destination.region: found {ABROAD}, expected {UAE_AWS}",
)
CONTROL.bad(
    "files copied to a zone abroad",
    made(FILES, destination={"availabilityZoneName": f"{ABROAD}b"}),
    finding=f"destination.availabilityZoneName: found {ABROAD}b, expected a zone in me-central-1",
)
CONTROL.bad(
    "files copied to who knows where",
    made(FILES, destination={"fileSystemId": "fs-1"}),
    finding=f"destination.region: found nothing, expected {UAE_AWS}",
)
CONTROL.unknown(
    "files copied to a region made elsewhere", made(FILES, destination={"region": UNKNOWN}), at="destination.region"
)
CONTROL.not_applicable("a group of parameters", made("aws:rds/parameterGroup:ParameterGroup", family="postgres16"))
