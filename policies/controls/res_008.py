"""RES-008: backups, snapshots and machine images are copied inside the UAE alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from falaj.catalog.providers import Provider
from policies.control import Control, Severity, Subject, as_is
from policies.examples.azure_residency import made
from policies.examples.residency import ABROAD, HOME, UAE_AWS, arn, first, holding
from policies.geography.origins import arn_lies_home
from policies.geography.places import lies_in_aws_uae, region_of_arn, uae_regions
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.tables import reads_of
from policies.values import UNKNOWN


def lies_home(region: Node, _found: Resource) -> Iterator[Outcome]:
    """Judge the region of a copy, or of what it is a copy of."""
    yield from lies_in_aws_uae(region)


def goes_home(place: Node, _found: Resource) -> Iterator[Outcome]:
    """Judge a region, or an outpost by its ARN, where one is named."""
    home = uae_regions(Provider.AWS)
    if place.value is not None:
        yield from place.must(
            lambda value: value in home or region_of_arn(value) in home, f"a region in the UAE: {', '.join(home)}"
        )


def is_at_home(vault: Node, found: Resource) -> Iterator[Outcome]:
    """Judge the vault that backups lie in, where one is named."""
    if vault.value is not None:
        yield from arn_lies_home(vault, found)


PLAN = "aws:backup/plan:Plan"
SNAPSHOT_COPY = "aws:ebs/snapshotCopy:SnapshotCopy"
AMI_COPY = "aws:ec2/amiCopy:AmiCopy"
LIFECYCLE = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
DISTRIBUTION = "aws:imagebuilder/distributionConfiguration:DistributionConfiguration"
RULES: dict[str, dict[str, Callable[[Node, Resource], Iterator[Outcome]]]] = {
    PLAN: {
        "rules[].copyActions[].destinationVaultArn": arn_lies_home,
        "rules[].targetLogicallyAirGappedBackupVaultArn": is_at_home,
    },
    SNAPSHOT_COPY: {"sourceRegion": lies_home},
    AMI_COPY: {"sourceAmiRegion": lies_home},
    LIFECYCLE: {
        "policyDetails.schedules[].crossRegionCopyRules[].target": goes_home,
        "policyDetails.schedules[].crossRegionCopyRules[].targetRegion": goes_home,
        "policyDetails.action.crossRegionCopies[].target": goes_home,
    },
    DISTRIBUTION: {"distributions[].region": lies_home},
}

CONTROL = Control(
    id="RES-008",
    title="Backups, snapshots and machine images are copied inside the UAE alone",
    harm="The backup, which holds everything, lies where the original never was allowed to be.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=tuple(RULES), view=as_is, stack_wide=True),
    reads=reads_of(RULES),
    remedy="Copy to a vault or region in the UAE; for a second site, copy to another provider in the country.",
    note=(
        "A copy lies in its own region, which RES-001 judges; what it is a copy of has to come from the country as "
        "well, since a snapshot that lies abroad has left it already. The images that a pipeline hands out count too."
    ),
)


@CONTROL.check
def stays_in_the_uae(found: Resource) -> Iterator[Outcome]:
    """Find each copy that comes from, or goes to, a place outside the country."""
    for pattern, judge in RULES[found.type].items():
        for node in found.root.select(pattern):
            yield from judge(node, found)


VAULT = "aws:backup/vault:Vault"
OTHER_VAULT = made(VAULT, "copies", name="copies")
OUTPOST, OUTPOST_ABROAD = (arn(region, "outposts", "outpost/op-1") for region in (HOME, ABROAD))
COPY_RULE, _, ACTION = RULES[LIFECYCLE]

for pattern in RULES[PLAN]:
    name = pattern.rpartition(".")[2]
    vault, vault_abroad = (arn(region, "backup", "backup-vault:copies") for region in (HOME, ABROAD))
    CONTROL.good(f"{name} at home", made(PLAN, **holding(pattern, vault)))
    CONTROL.good(
        f"{name} of the stack, not made yet",
        made(PLAN, **holding(pattern, UNKNOWN), made_from={"rules": [OTHER_VAULT]}),
        OTHER_VAULT,
    )
    CONTROL.bad(
        f"{name} abroad",
        made(PLAN, **holding(pattern, vault_abroad)),
        finding=f"{first(pattern)}: found {vault_abroad}, expected an ARN in me-central-1",
    )
    CONTROL.unknown(f"{name} made elsewhere", made(PLAN, **holding(pattern, UNKNOWN)), at=first(pattern))
CONTROL.good("a plan without copies", made(PLAN, rules=[{"ruleName": "daily", "targetVaultName": "backup"}]))
for token in (SNAPSHOT_COPY, AMI_COPY, LIFECYCLE, DISTRIBUTION):
    kind = token.rpartition(":")[2]
    for pattern in RULES[token]:
        CONTROL.good(f"{pattern} of {kind} at home", made(token, **holding(pattern, HOME)))
        CONTROL.bad(
            f"{pattern} of {kind} abroad",
            made(token, **holding(pattern, ABROAD)),
            finding=f"{first(pattern)}: found {ABROAD}, expected {UAE_AWS}",
        )
        CONTROL.unknown(
            f"{pattern} of {kind} made elsewhere", made(token, **holding(pattern, UNKNOWN)), at=first(pattern)
        )
for pattern in (COPY_RULE, ACTION):
    CONTROL.good(f"{pattern} on an outpost at home", made(LIFECYCLE, **holding(pattern, OUTPOST)))
    CONTROL.bad(
        f"{pattern} on an outpost abroad",
        made(LIFECYCLE, **holding(pattern, OUTPOST_ABROAD)),
        finding=f"{first(pattern)}: found {OUTPOST_ABROAD}, expected {UAE_AWS}",
    )
CONTROL.bad(
    "a vault without a place",
    made(PLAN, rules=[{"copyActions": [{"destinationVaultArn": "copies"}]}]),
    finding="rules[0].copyActions[0].destinationVaultArn: found copies, expected an ARN in me-central-1",
)
CONTROL.unknown(
    "a vault of the stack and one of another",
    made(
        PLAN,
        rules=[{"copyActions": [{"destinationVaultArn": UNKNOWN}]}],
        made_from={"rules": [OTHER_VAULT, made("pulumi:pulumi:StackReference", "environment", name="environment")]},
    ),
    at="rules[0].copyActions[0].destinationVaultArn",
)
CONTROL.not_applicable("a vault copies nothing itself", made(VAULT, name="backup"))
