"""RES-011: nothing that answers worldwide stands in front of inference in Azure."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.global_services import global_services
from policies.control import Control, Severity, Subject, as_is
from policies.examples.azure_residency import ABROAD, HOME, IN_THE_UAE, made
from policies.geography.places import lies_in_azure_uae
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.resources import Resource
from policies.tables import Table, by_table, if_set, one_of, reads_of
from policies.values import UNKNOWN

EDGES = ("azure-native:cdn:", "azure-native:frontdoor:")
NAMES = "azure-native:trafficmanager:Profile"
NAMED = "azure-native:trafficmanager:Endpoint"
BALANCER = "azure-native:network:LoadBalancer"
ADDRESS = "azure-native:network:PublicIPAddress"
PREFIX = "azure-native:network:PublicIPPrefix"


TABLE: Table = {
    NAMES: {
        "endpoints[].endpointLocation": if_set(lies_in_azure_uae),
        "trafficViewEnrollmentStatus": if_set(one_of("Disabled")),
    },
    NAMED: {"endpointLocation": if_set(lies_in_azure_uae)},
    **{token: {"sku.tier": if_set(one_of("Regional"))} for token in (BALANCER, ADDRESS, PREFIX)},
}

CONTROL = Control(
    id="RES-011",
    title="Nothing that answers worldwide stands in front of inference in Azure",
    harm="Requests are decrypted, and answers kept, in whatever country the nearest point of presence lies.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*(f"{module}*" for module in EDGES), *TABLE), view=as_is),
    reads=reads_of(TABLE),
    remedy="Publish through a gateway of the region, such as an ApplicationGateway of tier WAF_v2.",
    note=(
        "Everything of Front Door and CDN is refused. Traffic Manager answers names alone, worldwide, which the "
        "catalog lets the owner of the data know: told as not applicable unless it sends clients abroad or maps them. "
        "Wider than asked: balancers and addresses of the Global tier. Further regions of API Management: RES-002."
    ),
)


@CONTROL.check
def ends_in_the_region(found: Resource) -> Iterator[Outcome]:
    """Find what ends requests outside the country, or may."""
    if found.type.startswith(EDGES):
        yield Finding(found["location"].path, "a service at the edge, which is worldwide", "a gateway in the region")
        return
    yield from by_table(TABLE, found)
    if found.type == NAMES:
        service = global_services()["azure-traffic-manager"]
        yield NotApplicable(
            f"{service.title} handles {service.processes}, {service.place}; no request passes through it"
        )


AT_THE_EDGE = "location: found a service at the edge, which is worldwide, expected a gateway in the region"
CONTROL.good("one more endpoint at home", made(NAMED, endpointLocation=HOME))
CONTROL.good("an endpoint that is a resource of its own", made(NAMED, targetResourceId="gateway"))
CONTROL.good("a balancer of the region", made(BALANCER, sku={"name": "Standard", "tier": "Regional"}))
CONTROL.good("an address of the region", made(ADDRESS, sku={"name": "Standard", "tier": "Regional"}))
CONTROL.good("an address that does not say more", made(ADDRESS))
CONTROL.good("addresses of the region", made(PREFIX, sku={"name": "Standard", "tier": "Regional"}))
CONTROL.bad(
    "Front Door",
    made("azure-native:cdn:Profile", location="global", sku={"name": "Premium_AzureFrontDoor"}),
    finding=AT_THE_EDGE,
)
CONTROL.bad("an endpoint of a Front Door of another stack", made("azure-native:cdn:AFDEndpoint"), finding=AT_THE_EDGE)
CONTROL.bad(
    "Front Door of the first generation",
    made("azure-native:frontdoor:FrontDoor", location=UNKNOWN),
    finding=AT_THE_EDGE,
)
CONTROL.bad(
    "names of endpoints abroad, with a map of clients",
    made(NAMES, endpoints=[{"endpointLocation": ABROAD}], trafficViewEnrollmentStatus="Enabled"),
    finding=(
        f"endpoints[0].endpointLocation: found {ABROAD}, expected {IN_THE_UAE}",
        "trafficViewEnrollmentStatus: found Enabled, expected Disabled",
    ),
)
CONTROL.bad(
    "one more endpoint abroad",
    made(NAMED, endpointLocation=ABROAD),
    finding=f"endpointLocation: found {ABROAD}, expected {IN_THE_UAE}",
)
CONTROL.bad(
    "a balancer of all regions",
    made(BALANCER, sku={"name": "Standard", "tier": "Global"}),
    finding="sku.tier: found Global, expected Regional",
)
CONTROL.bad(
    "an address of all regions",
    made(ADDRESS, sku={"name": "Standard", "tier": "Global"}),
    finding="sku.tier: found Global, expected Regional",
)
CONTROL.bad(
    "addresses of all regions",
    made(PREFIX, sku={"name": "Standard", "tier": "Global"}),
    finding="sku.tier: found Global, expected Regional",
)
CONTROL.unknown("a tier made elsewhere", made(BALANCER, sku={"tier": UNKNOWN}), at="sku.tier")
CONTROL.unknown(
    "an endpoint made elsewhere",
    made(NAMES, endpoints=[{"endpointLocation": UNKNOWN}]),
    at="endpoints[0].endpointLocation",
)
CONTROL.not_applicable("a gateway of the region", made("azure-native:network:ApplicationGateway", location=HOME))
CONTROL.not_applicable(
    "names of endpoints at home, without a map of clients",
    made(
        NAMES,
        endpoints=[{"endpointLocation": HOME}, {"endpointLocation": "UAE Central"}, {"targetResourceId": "gateway"}],
        trafficViewEnrollmentStatus="Disabled",
    ),
)
CONTROL.not_applicable("names of no endpoints yet", made(NAMES, endpoints=[]))
