"""RES-021: every data flow stays in the UAE and is protected as its data demands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from falaj.catalog.data_flows import Channel, DataClass, Encryption
from falaj.catalog.global_services import Advice, global_services
from falaj.catalog.regions import regions
from policies.control import Control, Severity, Subject
from policies.examples.kubernetes import component, data_flow, service
from policies.examples.stacks import environment
from policies.networks.flows import DeclaredFlows, as_declared_flows
from policies.node import Node
from policies.outcomes import Finding, Outcome, Undecided
from policies.stack import LOCAL_COUNTRY, PROFILES, Stack
from policies.values import UNKNOWN, shown
from policies.workloads.kinds import COMPONENTS

UAE = "AE"
OVER_TLS = frozenset({Encryption.TLS, Encryption.MUTUAL_TLS})
INSIDE = frozenset({Encryption.CLUSTER_NETWORK, Encryption.NODE})
PROTECTION: Mapping[str, frozenset[Encryption]] = {
    DataClass.PUBLIC: frozenset(Encryption),
    DataClass.INTERNAL: OVER_TLS | INSIDE,
    DataClass.OPERATIONAL: OVER_TLS | INSIDE,
    DataClass.PERSONAL: OVER_TLS | INSIDE,
    DataClass.FINANCIAL: OVER_TLS | INSIDE,
    DataClass.HEALTH: OVER_TLS | {Encryption.NODE},
    DataClass.GOVERNMENT: OVER_TLS | {Encryption.NODE},
}
"""What may protect each class of data on its way."""
CHANNELS: Mapping[str, frozenset[Encryption]] = {
    **dict.fromkeys(Channel, frozenset(Encryption)),
    Channel.HTTPS: OVER_TLS,
    Channel.HTTP: INSIDE,
}
"""Every channel, with what its own name says about its protection."""

OF_PERSONS = frozenset({DataClass.PERSONAL, DataClass.HEALTH, DataClass.FINANCIAL})
"""Classes of data about somebody."""
ABOUT_NO_REQUEST = frozenset({DataClass.OPERATIONAL, DataClass.PUBLIC})
"""Classes that a global service may be told: names, states and costs, never what a request holds."""

CONTROL = Control(
    id="RES-021",
    title="Every data flow stays in the UAE and is protected as its data demands",
    harm="One flow to a sink abroad, or in the clear, and the rest of the platform's walls no longer matter.",
    severity=Severity.CRITICAL,
    applies_to=Subject(tokens=(COMPONENTS,), view=as_declared_flows),
    reads=(
        "dataFlows[*].region",
        "dataFlows[*].global_service",
        "dataFlows[*].channel",
        "dataFlows[*].data_class",
        "dataFlows[*].encryption",
        "dataFlows[*].source",
        "dataFlows[*].sink",
    ),
    remedy=(
        "Choose a sink in a UAE region and the encryption its data needs; "
        f"for a cluster of your own inside the UAE, say so in the stack file: {LOCAL_COUNTRY}: {UAE}."
    ),
    note="The catalogue judges each resource's region; this control judges what components say they move.",
)


@CONTROL.check
def stays_and_is_protected(declared: DeclaredFlows) -> Iterator[Outcome]:
    """Find each flow that leaves the country or travels with less protection than its data needs."""
    if declared.flows.value is None:
        yield Undecided(declared.flows.path, missing="the component has to say what it moves, [] for nothing")
    for flow in declared.flows.items():
        if flow["global_service"].value is not None:
            yield from may_be_global(flow)
        else:
            yield from lies_in_the_uae(flow, declared.stack)
            yield from is_no_undocumented_transfer(flow, declared.stack)
        yield from flow["channel"].must(lambda value: value in CHANNELS, f"one of {', '.join(CHANNELS)}")
        yield from flow["data_class"].must(lambda value: value in PROTECTION, f"one of {', '.join(PROTECTION)}")
        for end in ("source", "sink"):
            yield from flow[end].must(bool, "the name of that end")
        yield from is_protected(flow)


def lies_in_the_uae(flow: Node, stack: Stack) -> Iterator[Outcome]:
    """Judge the region of a sink by the catalog, or by the operator's word where the catalog cannot know."""
    region = flow["region"]
    country = country_of(region.value)
    if country == "unknown":
        country = stack.local_country
        if country is None:
            yield Undecided(
                region.path, missing=f"{LOCAL_COUNTRY} in the stack file has to say where {region.value} lies"
            )
            return
    allowed = ", ".join(sorted(key for key in regions() if country_of(key) == UAE))
    for outcome in region.must(lambda _: country == UAE, f"a region in the UAE: {allowed}"):
        if isinstance(outcome, Finding):
            yield replace(outcome, found=f"{outcome.found} for {shown(flow['sink'].value)}")
        else:
            yield outcome


def is_no_undocumented_transfer(flow: Node, stack: Stack) -> Iterator[Outcome]:
    """Judge a flow that a profile takes for a transfer: out of a free zone, or from the European Union.

    Onshore regions lie outside the free zones, whose data protection laws are their own; neither the UAE nor its zones
    have a decision of adequacy.
    """
    about_a_person = flow["data_class"].value in OF_PERSONS
    region = regions().get(str(flow["region"].value))
    if not about_a_person or region is None or region.jurisdiction.free_zone is not None:
        return
    for document in stack.rules.requires:
        if document not in stack.documents:
            yield Finding(
                flow["region"].path,
                f"{flow['region'].value} without a {document}",
                f"the id of that document in the stack file ({', '.join(stack.profiles)} asks for it)",
            )


def may_be_global(flow: Node) -> Iterator[Outcome]:
    """Judge a flow to a service that has no region of its own: the catalog has to allow it, and only for what is known.

    Identity and management interfaces of both clouds run worldwide; whoever uses a cloud uses them.
    """
    known = sorted(key for key, service in global_services().items() if service.advice is Advice.KNOW)
    yield from flow["global_service"].must(
        lambda value: value in known, "a global service that the catalog allows (falaj catalog show global-services)"
    )
    yield from flow["data_class"].must(
        lambda value: value in ABOUT_NO_REQUEST, f"for a global service: {', '.join(sorted(ABOUT_NO_REQUEST))}"
    )


def country_of(region: object) -> str | None:
    """Return the country of a region by the catalog, ``unknown`` where it does not say, nothing for a strange key."""
    known = regions().get(region) if isinstance(region, str) else None
    return known.jurisdiction.country if known else None


def is_protected(flow: Node) -> Iterator[Outcome]:
    """Judge the encryption of a flow against its data, its channel and whether it leaves the cluster."""
    grounds = [flow[name] for name in ("data_class", "channel", "source", "sink")]
    not_known = [ground.undecided for ground in grounds if not ground.known]
    if not_known:
        yield from not_known
        return
    data_class, channel, *ends = (ground.value for ground in grounds)
    allowed = PROTECTION.get(str(data_class), frozenset(Encryption))
    if not all("/" in str(end) for end in ends):
        allowed -= INSIDE
    allowed &= CHANNELS.get(str(channel), frozenset(Encryption))
    expected = ", ".join(sorted(allowed)) or f"another channel than {channel}"
    yield from flow["encryption"].must(lambda value: value in allowed, expected)


TO_IAM = data_flow(sink="aws/iam", region="us-east-1", channel="identity", global_service="aws-iam")
CONTROL.good("clients to the gateway over TLS", component([data_flow()]))
CONTROL.good(
    "inside the cluster's own network",
    component(
        [
            data_flow(sink="acme/iris", source="gateway/traefik", channel="http", encryption="cluster_network"),
            data_flow(sink="acme/iris", source="node/images", channel="image_volume", encryption="node", port=None),
        ]
    ),
)
CONTROL.good(
    "a free zone's company, its transfer assessed",
    component([data_flow()]),
    config=environment(profiles=["difc_adgm"], documents={"transfer-assessment": "TIA-7"}),
)
CONTROL.good(
    "states of machines, about nobody",
    component([data_flow(data_class="operational")]),
    config={PROFILES: "difc_adgm"},
)
CONTROL.good("nothing moves", component([], token="falaj:index:LocalCluster"))  # noqa: S106 - a type token
CONTROL.good(
    "a cluster of the operator's own, inside the UAE",
    component([data_flow(region="local")]),
    config={LOCAL_COUNTRY: UAE},
)
UAE_REGIONS = "a region in the UAE: me-central-1, uaecentral, uaenorth"
CONTROL.good(
    "names of roles, to the one control plane that IAM has",
    component([{**TO_IAM, "data_class": "operational"}]),
)
CONTROL.bad(
    "requests to a service in front of the world",
    component([{**TO_IAM, "data_class": "operational", "global_service": "aws-cloudfront"}]),
    finding=(
        "dataFlows[0].global_service: found aws-cloudfront, "
        "expected a global service that the catalog allows (falaj catalog show global-services)"
    ),
)
CONTROL.bad(
    "personal data to a global service",
    component([{**TO_IAM, "data_class": "personal"}]),
    finding="dataFlows[0].data_class: found personal, expected for a global service: operational, public",
)
CONTROL.bad(
    "a sink abroad",
    component([data_flow(), data_flow(sink="feature-store", region="me-south-1")]),
    finding=f"dataFlows[1].region: found me-south-1 for feature-store, expected {UAE_REGIONS}",
)
CONTROL.bad(
    "a cluster of the operator's own, elsewhere",
    component([data_flow(region="local")]),
    config={LOCAL_COUNTRY: "BH"},
    finding=f"dataFlows[0].region: found local for gateway/traefik, expected {UAE_REGIONS}",
)
CONTROL.bad(
    "a free zone's company in an onshore region",
    component([data_flow()]),
    config={PROFILES: "difc_adgm"},
    finding=(
        "dataFlows[0].region: found uaenorth without a transfer-assessment, "
        "expected the id of that document in the stack file (difc_adgm asks for it)"
    ),
)
CONTROL.bad(
    "in the clear",
    component([data_flow(channel="grpc", encryption="none")]),
    finding="dataFlows[0].encryption: found none, expected mutual_tls, tls",
)
CONTROL.bad(
    "plain HTTP out of the cluster",
    component([data_flow(channel="http", encryption="cluster_network")]),
    finding="dataFlows[0].encryption: found cluster_network, expected another channel than http",
)
CONTROL.bad(
    "health data in the clear inside the cluster",
    component([data_flow(sink="a/b", source="c/d", channel="grpc", data_class="health", encryption="cluster_network")]),
    finding="dataFlows[0].encryption: found cluster_network, expected mutual_tls, node, tls",
)
CONTROL.bad(
    "words nobody knows, and no sink",
    component([data_flow(channel="pigeon", data_class="gossip", sink=None)]),
    finding=(
        "dataFlows[0].channel: found pigeon, expected one of " + ", ".join(CHANNELS),
        "dataFlows[0].data_class: found gossip, expected one of " + ", ".join(PROTECTION),
        "dataFlows[0].sink: found nothing, expected the name of that end",
    ),
)
CONTROL.unknown("region made elsewhere", component([data_flow(region=UNKNOWN)]), at="dataFlows[0].region")
CONTROL.unknown(
    "an end made elsewhere",
    component([data_flow(source="gateway/traefik", sink=UNKNOWN, channel="grpc", encryption="cluster_network")]),
    at="dataFlows[0].sink",
)
CONTROL.unknown("nothing declared", component(None), at="dataFlows")
CONTROL.unknown(
    "a cluster of the operator's own, who knows where", component([data_flow(region="local")]), at="dataFlows[0].region"
)
CONTROL.not_applicable("a Service belongs to a component", service())
