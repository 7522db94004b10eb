"""NET-002: the API server of AKS answers inside the network only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import AKS, EKS, aks
from policies.networks.addresses import SOME, is_allow_list
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_true
from policies.values import UNKNOWN

CONTROL = Control(
    id="NET-002",
    title="The API server of AKS answers inside the network only",
    harm="Whoever steals one credential runs the cluster from anywhere, and every flaw of the API server is in reach.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(AKS,), view=situated),
    reads=(
        "apiServerAccessProfile.enablePrivateCluster",
        "apiServerAccessProfile.authorizedIPRanges",
        "apiServerAccessProfile.authorizedIPRanges[*]",
    ),
    remedy="Set apiServerAccessProfile.enablePrivateCluster to true when the cluster is made.",
    note=(
        "publicNetworkAccess is not read: it takes no public address away from a cluster that has one. A profile whose "
        "API server may be public has to name the ranges that may ask, each /8 at the widest."
    ),
)


@CONTROL.check
def answers_inside(cluster: Situated) -> Iterator[Outcome]:
    """Find an API server that more than a few may ask."""
    access = cluster["apiServerAccessProfile"]
    private = access["enablePrivateCluster"]
    if cluster.plan.stack.rules.private_api:
        yield from is_true(private)
    elif not private.known:
        yield private.undecided
    elif private.value is not True:
        yield from is_allow_list(access["authorizedIPRanges"])


SMALL = {"falaj:profiles": "smb"}


def public(**access: object) -> Resource:
    """Make a cluster whose API server is public."""
    return aks(apiServerAccessProfile={"enablePrivateCluster": False} | access)


CONTROL.good("private", aks())
CONTROL.good("private, in a profile that may be public", aks(), config=SMALL)
CONTROL.good(
    "public for one office, in a profile that may be", public(authorizedIPRanges=["203.0.113.0/28"]), config=SMALL
)
CONTROL.bad(
    "as AKS makes it",
    aks(apiServerAccessProfile=None),
    finding="apiServerAccessProfile.enablePrivateCluster: found nothing, expected true",
)
CONTROL.bad(
    "public for one office",
    public(authorizedIPRanges=["203.0.113.0/28"]),
    finding="apiServerAccessProfile.enablePrivateCluster: found false, expected true",
)
CONTROL.bad(
    "public for everyone",
    public(),
    config=SMALL,
    finding="apiServerAccessProfile.authorizedIPRanges: found nothing, expected the ranges that may ask",
)
CONTROL.bad(
    "public for half of everyone",
    public(authorizedIPRanges=["0.0.0.0/1"]),
    config=SMALL,
    finding=f"apiServerAccessProfile.authorizedIPRanges[0]: found 0.0.0.0/1, expected {SOME}",
)
CONTROL.unknown(
    "decided elsewhere",
    public(enablePrivateCluster=UNKNOWN),
    at="apiServerAccessProfile.enablePrivateCluster",
)
CONTROL.unknown(
    "decided elsewhere, in a profile that may be public",
    public(enablePrivateCluster=UNKNOWN),
    config=SMALL,
    at="apiServerAccessProfile.enablePrivateCluster",
)
CONTROL.unknown(
    "ranges made elsewhere",
    public(authorizedIPRanges=UNKNOWN),
    config=SMALL,
    at="apiServerAccessProfile.authorizedIPRanges",
)
CONTROL.not_applicable("another cloud's cluster", resource(EKS, {}))
