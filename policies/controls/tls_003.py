"""TLS-003: only the gateway is published outside the cluster."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.labels import PLATFORM_ROLE
from falaj.catalog.labels import ROLE as PLACE
from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import LABELS, deployment, gateway_service, metadata, service
from policies.expressions import label, text
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.values import UNKNOWN
from policies.workloads.kinds import GATEWAY_COMPONENT, SERVICES

UNPUBLISHED_TYPES = (None, "ClusterIP", "ExternalName")
HTTPS_PORT = 443
ROLE = "app.kubernetes.io/component"

CONTROL = Control(
    id="TLS-003",
    title="Only the gateway is published outside the cluster",
    harm="A model server with a door of its own has none of the gateway's TLS, authentication, rate limit and log.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=SERVICES, view=as_is),
    reads=("spec.type", "spec.externalIPs", "spec.ports[*].port", "metadata.labels"),
    remedy="Make the Service a ClusterIP without externalIPs and publish it through an HTTPRoute of the gateway.",
    admits=(
        f"{label(ROLE)} == 'gateway' && "
        f"namespaceObject.metadata.?labels[?{text(PLACE)}].orValue('') == '{PLATFORM_ROLE}' ? "
        f"object.spec.?ports.orValue([]).all(each, each.port == {HTTPS_PORT}) : "
        "object.spec.?type.orValue('ClusterIP') in ['ClusterIP', 'ExternalName'] && "
        "object.spec.?externalIPs.orValue([]).size() == 0"
    ),
    only_in_a_plan="whether a Service of the platform's namespaces that calls itself the gateway's belongs to it.",
    note=(
        "The catalogue forbids a LoadBalancer on model ports; here every way out but the gateway's is closed. "
        "The gateway is told by two marks at once: its component in the parents of the Service, and its label."
    ),
)


@CONTROL.check
def is_not_published(found: Resource) -> Iterator[Outcome]:
    """Find each Service that can be reached from outside although it is not the gateway's."""
    spec, role = found["spec"], found["metadata"]["labels"][ROLE]
    if under_gateway(found) and not role.known:
        yield role.undecided
    elif under_gateway(found) and role.value == "gateway":
        for port in spec["ports"].items():
            yield from port["port"].must(
                lambda value: value == HTTPS_PORT, f"{HTTPS_PORT}, the only port of the gateway"
            )
    else:
        yield from spec["type"].must(lambda value: value in UNPUBLISHED_TYPES, "ClusterIP")
        yield from spec["externalIPs"].must(lambda value: not value, "nothing")


def under_gateway(found: Resource) -> bool:
    """Tell whether the gateway is among the parents of the resource."""
    return GATEWAY_COMPONENT in found.type_chain[:-1]


CONTROL.good("inside the cluster", service())
CONTROL.good("type left to the default", service(type=None))
CONTROL.good("the gateway's own", gateway_service())
CONTROL.bad(
    "a load balancer of its own",
    service(type="LoadBalancer"),
    finding="spec.type: found LoadBalancer, expected ClusterIP",
)
CONTROL.bad("a port on every node", service(type="NodePort"), finding="spec.type: found NodePort, expected ClusterIP")
CONTROL.bad(
    "an address of its own",
    service(externalIPs=["203.0.113.7"]),
    finding='spec.externalIPs: found ["203.0.113.7"], expected nothing',
)
CONTROL.bad(
    "labelled gateway outside the gateway's component",
    service(type="LoadBalancer", meta=metadata(labels=LABELS | {ROLE: "gateway"})),
    finding="spec.type: found LoadBalancer, expected ClusterIP",
)
CONTROL.bad(
    "inside the gateway's component without its label",
    gateway_service(role="metrics"),
    finding="spec.type: found LoadBalancer, expected ClusterIP",
)
CONTROL.bad(
    "the gateway in the clear",
    gateway_service(port=80),
    finding="spec.ports[0].port: found 80, expected 443, the only port of the gateway",
)
CONTROL.unknown("type made elsewhere", service(type=UNKNOWN), at="spec.type")
CONTROL.unknown(
    "role made elsewhere", gateway_service(role=UNKNOWN), at='metadata.labels["app.kubernetes.io/component"]'
)
CONTROL.not_applicable("a Deployment publishes nothing", deployment())
