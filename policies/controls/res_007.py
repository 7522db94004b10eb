"""RES-007: secrets, and what Systems Manager collects, are copied to the UAE alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.residency import ABROAD, HOME, UAE_AWS, first, holding
from policies.geography.places import lies_in_aws_uae
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.tables import Table, by_table, if_set, reads_of
from policies.values import UNKNOWN

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type token
DATA_SYNC = "aws:ssm/resourceDataSync:ResourceDataSync"
ASSOCIATION = "aws:ssm/association:Association"
RULES: Table = {
    SECRET: {"replicas[].region": lies_in_aws_uae},
    DATA_SYNC: {"s3Destination.region": lies_in_aws_uae},
    ASSOCIATION: {"outputLocation.s3Region": if_set(lies_in_aws_uae)},
}

CONTROL = Control(
    id="RES-007",
    title="Secrets, and what Systems Manager collects, are copied to the UAE alone",
    harm="Passwords and tokens lie in another country, with the inventory of the machines that they open.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(RULES), view=as_is),
    reads=reads_of(RULES),
    remedy="Take the replica out; collect inventories and outputs of commands in a bucket in me-central-1.",
    note="Parameters of Systems Manager can't be replicated; its inventories and the outputs of its commands can.",
)


@CONTROL.check
def stays_in_the_uae(found: Resource) -> Iterator[Outcome]:
    """Find each copy outside the country."""
    yield from by_table(RULES, found)


CONTROL.good("a secret without replicas", resource(SECRET, {"name": "database"}))
CONTROL.good("a secret with no replicas, said in full", resource(SECRET, {"replicas": []}))
CONTROL.good(
    "outputs in the region of the association", resource(ASSOCIATION, {"outputLocation": {"s3BucketName": "logs"}})
)
for token, rules in RULES.items():
    kind = token.rpartition(":")[2]
    for pattern in rules:
        CONTROL.good(f"{kind} at home", resource(token, holding(pattern, HOME)))
        CONTROL.bad(
            f"{kind} abroad",
            resource(token, holding(pattern, ABROAD)),
            finding=f"{first(pattern)}: found {ABROAD}, expected {UAE_AWS}",
        )
        CONTROL.unknown(f"{kind} made elsewhere", resource(token, holding(pattern, UNKNOWN)), at=first(pattern))
CONTROL.bad(
    "a replica that names no region",
    resource(SECRET, {"replicas": [{"region": HOME}, {"kmsKeyId": "alias/secrets"}]}),
    finding=f"replicas[1].region: found nothing, expected {UAE_AWS}",
)
CONTROL.unknown("replicas made elsewhere", resource(SECRET, {"replicas": UNKNOWN}), at="replicas")
CONTROL.not_applicable("a parameter can't be replicated", resource("aws:ssm/parameter:Parameter", {"name": "port"}))
