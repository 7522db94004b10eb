"""RES-023: names of the platform are not told to the whole world unless the owner of the data knows."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from falaj.catalog.global_services import global_services
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.azure_residency import HOME, made
from policies.examples.kubernetes import service
from policies.expressions import host_in_the_uae, text
from policies.geography.card_hosts import host_of, lies_in_the_uae
from policies.node import Node
from policies.outcomes import Finding, Outcome
from policies.parameters import Parameters
from policies.path import Path
from policies.resources import Resource, resource
from policies.templates import is_one_of, is_set
from policies.values import UNKNOWN

ZONE = "aws:route53/zone:Zone"
AZURE_ZONE = "azure-native:dns:Zone"
TRAFFIC_MANAGER = "azure-native:trafficmanager:Profile"
ISSUERS = tuple(f"kubernetes:cert-manager.io/v1:{kind}" for kind in ("Issuer", "ClusterIssuer"))
A_NETWORK = "a network that alone may ask: a public zone tells its names to everyone"
PRIVATE = "Private: a public zone tells its names to everyone"
OWN_AUTHORITY = "an authority in the cluster or the country: a public one writes each name into a public log"


SERVER = "object.spec.acme.?server.orValue('').lowerAscii()"
SERVER_AT_HOME = rf"^https://(?:[^/?#]*@)?(?:{host_in_the_uae()}|[^/?#@:]*\.svc(?:\.cluster\.local)?)(?:[:/?#]|$)"


class Authorities(Parameters):
    """Who signs certificates without publishing their names."""

    hosts: tuple[str, ...] = Field(
        default=(), description="Hosts in the UAE of ACME authorities of your own; names below them count too."
    )


CONTROL = Control(
    id="RES-023",
    title="Names of the platform are told to the whole world only where the owner of the data knows",
    harm="Who the tenants are and what they run can be read from names in public zones and logs, by anyone for ever.",
    severity=Severity.LOW,
    applies_to=Subject(tokens=(ZONE, AZURE_ZONE, TRAFFIC_MANAGER, *ISSUERS), view=situated),
    reads=(
        f"{ZONE}:vpcs",
        f"{AZURE_ZONE}:zoneType",
        *(f"{token}:spec.acme.server" for token in ISSUERS),
    ),
    remedy=(
        "Answer from a private zone of the network, and sign with the cluster's own authority; where the world has to "
        "find a name, choose one that says nothing of tenants, and have a waiver reviewed."
    ),
    parameters=Authorities,
    admits=(
        f"!has(object.spec.acme) || {SERVER}.matches({text(SERVER_AT_HOME)}) || "
        f"[{SERVER}.split('/')].all(parts, parts[0] == 'https:' && parts.size() > 2 && "
        "variables.res_023_hosts.exists(own, ('.' + parts[2].split(':')[0]).endsWith('.' + own)))"
    ),
    only_in_a_plan="authorities of the whole cluster, which lie in no namespace, and zones of the clouds.",
    note=(
        "No request passes through what is judged here, so nothing stops a plan. Zones of Route 53 that are to belong "
        "to a network name one when they are made. Where names become known, the catalog says (aws-route53-public, "
        "azure-public-dns, azure-traffic-manager, acme-public)."
    ),
)


@CONTROL.check
def keeps_names_to_itself(found: Situated) -> Iterator[Outcome]:
    """Find each way in which names become known to the whole world."""
    one = found.resource
    if one.type == ZONE:
        yield from is_set(one["vpcs"], A_NETWORK)
    elif one.type == AZURE_ZONE:
        yield from is_one_of(one["zoneType"], ("Private",), PRIVATE)
    elif one.type == TRAFFIC_MANAGER:
        row = global_services()["azure-traffic-manager"]
        yield Finding(Path() / "type", row.title, row.instead)
    else:
        yield from signs_in_private(one["spec"]["acme"], found.plan.parameters(Authorities).hosts)


def signs_in_private(acme: Node, own: tuple[str, ...]) -> Iterator[Outcome]:
    """Find an issuer that has certificates signed by an authority which publishes them."""
    if acme.value is not None:
        yield from acme["server"].must(
            lambda server: lies_in_the_uae(host_of(server, ("https",)) or "", own), OWN_AUTHORITY
        )


def issuer(token: str = ISSUERS[1], **spec: object) -> Resource:
    """Make an issuer of certificates."""
    return resource(token, {"metadata": {"name": "gateway"}, "spec": spec})


OURS = "https://acme.ca.svc.cluster.local/directory"
PUBLIC = "https://acme-v02.api.letsencrypt.org/directory"
BANK = "https://acme.pki.bank.ae/directory"
CONTROL.good("a zone of one network", made(ZONE, name="acme.internal", vpcs=[{"vpcId": "vpc-1"}]))
CONTROL.good("a zone of Azure for networks", made(AZURE_ZONE, location="global", zoneType="Private"))
CONTROL.good("the cluster's own authority", issuer(ca={"secretName": "root"}))
CONTROL.good("an ACME authority in the cluster", issuer(ISSUERS[0], acme={"server": OURS}))
CONTROL.bad("a public zone", made(ZONE, name="acme.ae"), finding=f"vpcs: found nothing, expected {A_NETWORK}")
CONTROL.bad(
    "a zone of no network", made(ZONE, name="acme.ae", vpcs=[]), finding=f"vpcs: found [], expected {A_NETWORK}"
)
CONTROL.bad(
    "a public zone of Azure",
    made(AZURE_ZONE, location="global"),
    finding=f"zoneType: found nothing, expected {PRIVATE}",
)
CONTROL.bad(
    "names that Traffic Manager answers",
    made(TRAFFIC_MANAGER, location="global", endpoints=[{"endpointLocation": HOME}]),
    finding="type: found Traffic Manager, expected a record changed by hand or by the runbook",
)
CONTROL.bad(
    "certificates of a public authority",
    issuer(acme={"server": PUBLIC}),
    finding=f"spec.acme.server: found {PUBLIC}, expected {OWN_AUTHORITY}",
)
CONTROL.bad(
    "certificates of nobody knows whom",
    issuer(ISSUERS[0], acme={}),
    finding=f"spec.acme.server: found nothing, expected {OWN_AUTHORITY}",
)
CONTROL.bad(
    "an authority that only the operator can vouch for",
    issuer(acme={"server": BANK}),
    finding=f"spec.acme.server: found {BANK}, expected {OWN_AUTHORITY}",
)
CONTROL.good(
    "certificates of an authority that the operator keeps",
    issuer(acme={"server": BANK}),
    parameters=Authorities(hosts=("pki.bank.ae",)),
)
CONTROL.unknown("a network made elsewhere", made(ZONE, name="acme.internal", vpcs=UNKNOWN), at="vpcs")
CONTROL.unknown("an authority made elsewhere", issuer(acme={"server": UNKNOWN}), at="spec.acme.server")
CONTROL.unknown("an issuer made elsewhere", issuer(acme=UNKNOWN), at="spec.acme")
CONTROL.not_applicable("a Service has no name of the world's", service())
