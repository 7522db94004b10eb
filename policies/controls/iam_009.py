"""IAM-009: machines tell their role's keys to themselves alone."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.identity import made
from policies.examples.kubernetes import deployment
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

MACHINES = (
    "aws:ec2/instance:Instance",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
)
DEFAULTS = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"
NODES = "aws:eks/nodeGroup:NodeGroup"
OPTIONS = ("httpEndpoint", "httpTokens", "httpPutResponseHopLimit")

CONTROL = Control(
    id="IAM-009",
    title="Machines tell their role's keys to themselves alone",
    harm="A pod, or a request that a server was tricked into, reads the keys of the machine's role and acts as it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*MACHINES, DEFAULTS, NODES), view=as_is),
    reads=(
        *(f"{token}:metadataOptions.{option}" for token in MACHINES for option in OPTIONS),
        *(f"{DEFAULTS}:{option}" for option in OPTIONS),
        "NodeGroup:launchTemplate",
    ),
    remedy="Set metadataOptions to httpTokens required and httpPutResponseHopLimit 1, in a launch template of yours.",
    note=(
        "Stricter than the wording: a second hop is for nobody, since agents on the machine's own network need none. "
        "Both have to be said, because an image may choose otherwise. A node group without a launch template takes "
        "what EKS chooses, so it has to name one; the account's defaults are judged too."
    ),
)


@CONTROL.check
def keeps_keys_to_itself(found: Resource) -> Iterator[Outcome]:
    """Find a machine whose keys can be read without a token, or from a hop away."""
    if found.type == NODES:
        template = found["launchTemplate"]
        if template.value is UNKNOWN:
            yield template.undecided
        elif not template.value:
            yield template.finding("a launch template of your own")
        return
    options = found.root if found.type == DEFAULTS else found["metadataOptions"]
    if options["httpEndpoint"].value != "disabled":
        yield from is_one_of(options["httpTokens"], ("required",))
        yield from is_one_of(options["httpPutResponseHopLimit"], (1,))


TEMPLATE = MACHINES[2]
CLOSED: dict[str, object] = {"httpTokens": "required", "httpPutResponseHopLimit": 1}
for token in MACHINES:
    CONTROL.good(f"{token}: both said", made(token, {"metadataOptions": {"httpEndpoint": "enabled", **CLOSED}}))
    CONTROL.bad(
        f"{token}: nothing said",
        made(token, {}),
        finding=(
            "metadataOptions.httpTokens: found nothing, expected required",
            "metadataOptions.httpPutResponseHopLimit: found nothing, expected 1",
        ),
    )
CONTROL.good("told to nobody", made(TEMPLATE, {"metadataOptions": {"httpEndpoint": "disabled"}}))
CONTROL.good("the account's defaults", made(DEFAULTS, CLOSED))
CONTROL.good("nodes from a template", made(NODES, {"launchTemplate": {"name": "cpu", "version": UNKNOWN}}))
CONTROL.bad(
    "no token asked for",
    made(TEMPLATE, {"metadataOptions": CLOSED | {"httpTokens": "optional"}}),
    finding="metadataOptions.httpTokens: found optional, expected required",
)
CONTROL.bad(
    "one hop for pods",
    made(TEMPLATE, {"metadataOptions": CLOSED | {"httpPutResponseHopLimit": 2}}),
    finding="metadataOptions.httpPutResponseHopLimit: found 2, expected 1",
)
CONTROL.bad(
    "the account's defaults say nothing of hops",
    made(DEFAULTS, CLOSED | {"httpPutResponseHopLimit": -1}),
    finding="httpPutResponseHopLimit: found -1, expected 1",
)
CONTROL.bad(
    "nodes as EKS chooses",
    made(NODES, {}),
    finding="launchTemplate: found nothing, expected a launch template of your own",
)
CONTROL.unknown("options made elsewhere", made(TEMPLATE, {"metadataOptions": UNKNOWN}), at="metadataOptions")
CONTROL.unknown(
    "token made elsewhere",
    made(TEMPLATE, {"metadataOptions": CLOSED | {"httpTokens": UNKNOWN}}),
    at="metadataOptions.httpTokens",
)
CONTROL.unknown(
    "hops made elsewhere",
    made(TEMPLATE, {"metadataOptions": CLOSED | {"httpPutResponseHopLimit": UNKNOWN}}),
    at="metadataOptions.httpPutResponseHopLimit",
)
CONTROL.unknown("template made elsewhere", made(NODES, {"launchTemplate": UNKNOWN}), at="launchTemplate")
CONTROL.not_applicable("a Deployment is no machine", deployment())
