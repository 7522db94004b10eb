"""NET-001: the API server of EKS answers inside the network only."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.clusters import AKS, EKS, eks
from policies.networks.addresses import SOME, is_allow_list
from policies.outcomes import Outcome
from policies.resources import Resource, resource
from policies.templates import is_false, is_true
from policies.values import UNKNOWN

CONTROL = Control(
    id="NET-001",
    title="The API server of EKS answers inside the network only",
    harm="Whoever steals one credential runs the cluster from anywhere, and every flaw of the API server is in reach.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(EKS,), view=situated),
    reads=(
        "vpcConfig.endpointPrivateAccess",
        "vpcConfig.endpointPublicAccess",
        "vpcConfig.publicAccessCidrs",
        "vpcConfig.publicAccessCidrs[*]",
    ),
    remedy="Set vpcConfig.endpointPrivateAccess to true and vpcConfig.endpointPublicAccess to false.",
    note=(
        "A profile whose API server may be public has to name the ranges that may ask, each /8 at the widest: two "
        "halves of the internet are the internet. Nodes use the private address either way."
    ),
)


@CONTROL.check
def answers_inside(cluster: Situated) -> Iterator[Outcome]:
    """Find an API server that nodes reach from outside, or that more than a few may ask."""
    access = cluster["vpcConfig"]
    public = access["endpointPublicAccess"]
    yield from is_true(access["endpointPrivateAccess"])
    if cluster.plan.stack.rules.private_api:
        yield from is_false(public)
    elif not public.known:
        yield public.undecided
    elif public.value is not False:
        yield from is_allow_list(access["publicAccessCidrs"])


SMALL = {"falaj:profiles": "smb"}
OFFICE = ["203.0.113.0/28"]


def public(**access: object) -> Resource:
    """Make a cluster whose API server is public unless told otherwise."""
    return eks(vpcConfig={"endpointPrivateAccess": True, "endpointPublicAccess": True} | access)


CONTROL.good("private", eks())
CONTROL.good("private, in a profile that may be public", eks(), config=SMALL)
CONTROL.good("public for one office, in a profile that may be", public(publicAccessCidrs=OFFICE), config=SMALL)
CONTROL.bad(
    "as EKS makes it",
    eks(vpcConfig={"subnetIds": []}),
    finding=(
        "vpcConfig.endpointPrivateAccess: found nothing, expected true",
        "vpcConfig.endpointPublicAccess: found nothing, expected false",
    ),
)
CONTROL.bad(
    "public for one office",
    public(publicAccessCidrs=OFFICE),
    finding="vpcConfig.endpointPublicAccess: found true, expected false",
)
CONTROL.bad(
    "public for one office, in a profile that may be and one that may not",
    public(publicAccessCidrs=OFFICE),
    config={"falaj:profiles": "smb,gdpr"},
    finding="vpcConfig.endpointPublicAccess: found true, expected false",
)
CONTROL.bad(
    "public for everyone",
    public(),
    config=SMALL,
    finding="vpcConfig.publicAccessCidrs: found nothing, expected the ranges that may ask",
)
CONTROL.bad(
    "public for both halves of everyone",
    public(publicAccessCidrs=["203.0.113.0/28", "0.0.0.0/1", "128.0.0.0/1", "::/0"]),
    config=SMALL,
    finding=(
        f"vpcConfig.publicAccessCidrs[1]: found 0.0.0.0/1, expected {SOME}",
        f"vpcConfig.publicAccessCidrs[2]: found 128.0.0.0/1, expected {SOME}",
        f"vpcConfig.publicAccessCidrs[3]: found ::/0, expected {SOME}",
    ),
)
CONTROL.bad(
    "public for an empty list",
    public(publicAccessCidrs=[]),
    config=SMALL,
    finding="vpcConfig.publicAccessCidrs: found [], expected the ranges that may ask",
)
CONTROL.unknown("decided elsewhere", public(endpointPublicAccess=UNKNOWN), at="vpcConfig.endpointPublicAccess")
CONTROL.unknown(
    "decided elsewhere, in a profile that may be public",
    public(endpointPublicAccess=UNKNOWN),
    config=SMALL,
    at="vpcConfig.endpointPublicAccess",
)
CONTROL.unknown(
    "ranges made elsewhere", public(publicAccessCidrs=[UNKNOWN]), config=SMALL, at="vpcConfig.publicAccessCidrs[0]"
)
CONTROL.not_applicable("another cloud's cluster", resource(AKS, {}))
