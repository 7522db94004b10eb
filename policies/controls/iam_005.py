"""IAM-005: whoever enters a cluster of AKS is known to Entra ID, and Azure says what they may do."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.identity import made
from policies.examples.kubernetes import service, without_none
from policies.examples.transport import AKS_CLUSTER
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_true
from policies.values import UNKNOWN

CONTROL = Control(
    id="IAM-005",
    title="Whoever enters a cluster of AKS is known to Entra ID, and Azure says what they may do",
    harm="A certificate of the cluster's own makes an administrator whom nobody can name, follow or send away.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(AKS_CLUSTER,), view=as_is),
    reads=("disableLocalAccounts", "aadProfile.managed", "aadProfile.enableAzureRBAC", "enableRBAC"),
    remedy="Set disableLocalAccounts, aadProfile.managed, aadProfile.enableAzureRBAC and enableRBAC to true.",
    note="AKS checks permissions unless told not to, so enableRBAC may stay unsaid; the other three have to be said.",
)


@CONTROL.check
def is_entered_by_name(cluster: Resource) -> Iterator[Outcome]:
    """Find a cluster with accounts of its own, or whose permissions Azure does not keep."""
    yield from is_true(cluster["disableLocalAccounts"])
    yield from is_true(cluster["aadProfile"]["managed"])
    yield from is_true(cluster["aadProfile"]["enableAzureRBAC"])
    yield from cluster["enableRBAC"].must(lambda checks: checks is None or checks is True, "true")


SAID = {"disableLocalAccounts": True, "aadProfile": {"managed": True, "enableAzureRBAC": True}, "enableRBAC": True}
CONTROL.good("all said", made(AKS_CLUSTER, SAID))
CONTROL.good("permissions checked by default", made(AKS_CLUSTER, without_none(SAID | {"enableRBAC": None})))
CONTROL.bad(
    "nothing said",
    made(AKS_CLUSTER, {}),
    finding=(
        "disableLocalAccounts: found nothing, expected true",
        "aadProfile.managed: found nothing, expected true",
        "aadProfile.enableAzureRBAC: found nothing, expected true",
    ),
)
CONTROL.bad(
    "accounts of its own",
    made(AKS_CLUSTER, SAID | {"disableLocalAccounts": False}),
    finding="disableLocalAccounts: found false, expected true",
)
CONTROL.bad(
    "an application of one's own in between",
    made(AKS_CLUSTER, SAID | {"aadProfile": {"managed": False, "enableAzureRBAC": True}}),
    finding="aadProfile.managed: found false, expected true",
)
CONTROL.bad(
    "permissions kept in the cluster",
    made(AKS_CLUSTER, SAID | {"aadProfile": {"managed": True, "enableAzureRBAC": False}}),
    finding="aadProfile.enableAzureRBAC: found false, expected true",
)
CONTROL.bad(
    "permissions not checked",
    made(AKS_CLUSTER, SAID | {"enableRBAC": False}),
    finding="enableRBAC: found false, expected true",
)
CONTROL.unknown("profile made elsewhere", made(AKS_CLUSTER, SAID | {"aadProfile": UNKNOWN}), at="aadProfile")
CONTROL.unknown(
    "switches made elsewhere",
    made(AKS_CLUSTER, SAID | {"disableLocalAccounts": UNKNOWN, "enableRBAC": UNKNOWN}),
    at=("disableLocalAccounts", "enableRBAC"),
)
CONTROL.not_applicable("a Service lets nobody in", service())
