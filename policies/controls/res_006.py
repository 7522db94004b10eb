"""RES-006: keys of KMS belong to one region."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.residency import ABROAD, arn
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.resources import Resource, resource
from policies.tables import Table, by_table, reads_of
from policies.templates import is_off
from policies.values import UNKNOWN


def is_no_replica(primary: Node) -> Iterator[Outcome]:
    """Find a replica, whatever it is one of: its primary belongs to another region."""
    yield Finding(primary.path, "a replica of another region's key", "a key of this region alone")


KEY, EXTERNAL = "aws:kms/key:Key", "aws:kms/externalKey:ExternalKey"
REPLICA, EXTERNAL_REPLICA = "aws:kms/replicaKey:ReplicaKey", "aws:kms/replicaExternalKey:ReplicaExternalKey"
RULES: Table = {
    KEY: {"multiRegion": is_off},
    EXTERNAL: {"multiRegion": is_off},
    REPLICA: {"primaryKeyArn": is_no_replica},
    EXTERNAL_REPLICA: {"primaryKeyArn": is_no_replica},
}

CONTROL = Control(
    id="RES-006",
    title="Keys of KMS belong to one region",
    harm="The key itself lies in another country, and whoever rules there opens everything it ever sealed.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(RULES), view=as_is),
    reads=reads_of(RULES),
    remedy="Make a new key without multiRegion and seal the data anew with it: a key can't be changed afterwards.",
    note=(
        "A key that may have replicas is a finding before it has any: a replica is made by one call, from anywhere. "
        "Keys whose material was brought in, and replicas of them, count too."
    ),
)


@CONTROL.check
def belongs_to_one_region(key: Resource) -> Iterator[Outcome]:
    """Find a key that may be, or is, in several regions."""
    yield from by_table(RULES, key)


NO_REPLICA = "primaryKeyArn: found a replica of another region's key, expected a key of this region alone"

for token in (KEY, EXTERNAL):
    kind = token.rpartition(":")[2]
    CONTROL.good(f"{kind} of one region", resource(token, {"multiRegion": False}))
    CONTROL.good(f"{kind} that says nothing of regions", resource(token, {}))
    CONTROL.bad(
        f"{kind} of several regions",
        resource(token, {"multiRegion": True}),
        finding="multiRegion: found true, expected false, or nothing",
    )
    CONTROL.bad(
        f"{kind} with a switch that is text",
        resource(token, {"multiRegion": "false"}),
        finding="multiRegion: found false, expected false, or nothing",
    )
    CONTROL.unknown(f"{kind} decided elsewhere", resource(token, {"multiRegion": UNKNOWN}), at="multiRegion")
for token in (REPLICA, EXTERNAL_REPLICA):
    kind = token.rpartition(":")[2]
    primary = arn(ABROAD, "kms", "key/mrk-1")
    CONTROL.bad(f"{kind}", resource(token, {"primaryKeyArn": primary}), finding=NO_REPLICA)
    CONTROL.bad(f"{kind} of a key made elsewhere", resource(token, {"primaryKeyArn": UNKNOWN}), finding=NO_REPLICA)
CONTROL.not_applicable("an alias is no key", resource("aws:kms/alias:Alias", {"targetKeyId": "1"}))
