"""RES-005: ECR copies images to the UAE alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.residency import ABROAD, HOME, UAE_AWS, holding
from policies.geography.places import lies_in_aws_uae
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.tables import Table, by_table, reads_of
from policies.values import UNKNOWN

REPLICATION = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
RULES: Table = {REPLICATION: {"replicationConfiguration.rules[].destinations[].region": lies_in_aws_uae}}

CONTROL = Control(
    id="RES-005",
    title="ECR copies images to the UAE alone",
    harm="Every image, and every model that is one, lies in another country minutes after it was pushed.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=tuple(RULES), view=as_is),
    reads=reads_of(RULES),
    remedy="Take the destination out; for a second site in the country, `falaj mirror` copies to another provider.",
    note="A copy for another account of the same region stays in the country.",
)


@CONTROL.check
def stays_in_the_uae(found: Resource) -> Iterator[Outcome]:
    """Find each destination outside the country."""
    yield from by_table(RULES, found)


def replication(*regions: object) -> Resource:
    """Return a configuration with one destination in each region."""
    destinations = [{"region": region, "registryId": "111122223333"} for region in regions]
    return resource(REPLICATION, {"replicationConfiguration": {"rules": [{"destinations": destinations}]}})


AT = "replicationConfiguration.rules[0].destinations"

CONTROL.good("to another account of the region", replication(HOME))
CONTROL.good("to two of them", replication(HOME, HOME))
CONTROL.good("to nobody", resource(REPLICATION, {"replicationConfiguration": {"rules": []}}))
CONTROL.bad("abroad", replication(ABROAD), finding=f"{AT}[0].region: found {ABROAD}, expected {UAE_AWS}")
CONTROL.bad(
    "the second one in Bahrain",
    replication(HOME, "me-south-1"),
    finding=f"{AT}[1].region: found me-south-1, expected {UAE_AWS}",
)
CONTROL.unknown("a region made elsewhere", replication(HOME, UNKNOWN), at=f"{AT}[1].region")
CONTROL.unknown(
    "rules made elsewhere",
    resource(REPLICATION, holding("replicationConfiguration.rules", UNKNOWN)),
    at="replicationConfiguration.rules",
)
CONTROL.not_applicable("a repository copies nothing itself", resource("aws:ecr/repository:Repository", {}))
