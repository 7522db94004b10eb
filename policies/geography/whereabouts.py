"""Where a resource lies that another names: by the stack that makes it, another stack, or the operator's word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import Field

from policies.geography.places import arn_stays, lies_in_aws_uae, lies_in_azure_uae, region_of_arn
from policies.joins import said_of
from policies.node import Node
from policies.outcomes import Outcome, Undecided
from policies.parameters import Parameters
from policies.resources import Plan, Resource
from policies.tables import if_set

STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"


BUCKET_NAME: Final = "bucket"


class Vouched(Parameters):
    """What this stack does not make, but names."""

    in_the_uae: tuple[str, ...] = Field(
        default=(),
        description="Ids and ARNs, as the program writes them, of what others made and you know to lie there.",
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """How resources of one type are named and placed."""

    name: str
    """The input that names it; the output is ``name``, or the same again."""
    place: str | None = "location"
    """The property that says where it lies; without one it lies where its parent does."""
    unique: bool = False
    """Whether no two in the world share a name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The properties that name it."""
        return (self.name,) if self.name in (BUCKET_NAME, "name") else (self.name, "name")


BUCKET: Final = "aws:s3/bucket:Bucket"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
LOG_DESTINATION: Final = "aws:cloudwatch/logDestination:LogDestination"
FIREHOSE: Final = "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream"
STREAM: Final = "aws:kinesis/stream:Stream"
SINK: Final = "aws:oam/sink:Sink"
STORAGE_ACCOUNT: Final = "azure-native:storage:StorageAccount"
WORKSPACE: Final = "azure-native:operationalinsights:Workspace"
METRICS_WORKSPACE: Final = "azure-native:monitor:AzureMonitorWorkspace"
NETWORK: Final = "azure-native:network:VirtualNetwork"
NETWORK_GATEWAY: Final = "azure-native:network:VirtualNetworkGateway"
EVENT_NAMESPACE: Final = "azure-native:eventhub:Namespace"
EVENT_HUB: Final = "azure-native:eventhub:EventHub"
EVENT_RULE: Final = "azure-native:eventhub:NamespaceAuthorizationRule"
EVENT_HUB_RULE: Final = "azure-native:eventhub:EventHubAuthorizationRule"
EVENT_HUBS: Final = (EVENT_NAMESPACE, EVENT_HUB, EVENT_RULE, EVENT_HUB_RULE)
KINDS: Final = {
    BUCKET: Kind(BUCKET_NAME, "region", unique=True),
    **{token: Kind("name", "region") for token in (LOG_GROUP, LOG_DESTINATION, FIREHOSE, STREAM, SINK)},
    STORAGE_ACCOUNT: Kind("accountName", unique=True),
    WORKSPACE: Kind("workspaceName"),
    METRICS_WORKSPACE: Kind("azureMonitorWorkspaceName"),
    NETWORK: Kind("virtualNetworkName"),
    NETWORK_GATEWAY: Kind("virtualNetworkGatewayName"),
    EVENT_NAMESPACE: Kind("namespaceName"),
    EVENT_HUB: Kind("eventHubName", None),
    EVENT_RULE: Kind("authorizationRuleName", None),
    EVENT_HUB_RULE: Kind("authorizationRuleName", None),
}


def reads_beside(*tokens: str) -> tuple[str, ...]:
    """Return what is read of the resources of these types, and of other stacks, to tell where they lie."""
    kinds = [(token, KINDS[token]) for token in tokens]
    paths = [f"{token}:{name}" for token, kind in kinds for name in (*kind.names, kind.place) if name is not None]
    return (*paths, f"{STACK_REFERENCE}:name")


def refers_home(node: Node, owner: Resource, plan: Plan, tokens: Sequence[str], vouched: Vouched) -> Iterator[Outcome]:
    """Judge where the resource of one of the types lies that a value names.

    An ARN with a region says so, and a resource of this stack. What another stack of this project made was judged
    there. Of anything else an id says nothing, so the operator has to.
    """
    if node.value is None or node.value in vouched.in_the_uae:
        return
    if region_of_arn(node.value):
        yield from arn_stays(node)
        return
    origins = owner.property_dependencies.get(str(node.path.parts[0]), ())
    makers = [maker for maker in plan.of_type(*tokens) if _makes(maker, node, origins)]
    for maker in makers:
        yield from said_of(maker, _lies_home(maker))
    if not makers and not _another_stack_made_it(owner, plan, origins):
        missing = "in_the_uae of this control's policy configuration has to name it, once you know where it lies"
        yield Undecided(node.path, missing) if node.known else node.undecided


def _makes(maker: Resource, node: Node, origins: Sequence[str]) -> bool:
    kind = KINDS[maker.type]
    if not node.known:
        return maker.urn in origins
    # An id holds the names of what lies around the resource, too; its own is among them.
    parts = re.split("[/:]", str(node.value).casefold())
    names = [maker[name].value for name in kind.names]
    # Such an id begins with a slash, so that an empty name would be among them, too.
    is_named = any(isinstance(name, str) and name and name.casefold() in parts for name in names)
    return is_named and (kind.unique or maker.urn in origins)


def _lies_home(maker: Resource) -> Iterator[Outcome]:
    match KINDS[maker.type].place:
        case "region":
            yield from if_set(lies_in_aws_uae)(maker["region"])
        case "location":
            yield from lies_in_azure_uae(maker["location"])


def _another_stack_made_it(owner: Resource, plan: Plan, origins: Sequence[str]) -> bool:
    return any(
        reference.urn in origins and _is_of_the_project(reference, owner) for reference in plan.of_type(STACK_REFERENCE)
    )


def _is_of_the_project(reference: Resource, owner: Resource) -> bool:
    # A stack is named alone, with its project, or with both its organization and its project.
    stack = reference["name"].value
    *_, project = ["", *stack.split("/")[:-1]] if isinstance(stack, str) else [None]
    return project in ("", owner.urn.split("::")[1])
