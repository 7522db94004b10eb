"""TLS-007: application gateways of Azure speak TLS 1.2 or newer."""

from __future__ import annotations

from collections.abc import Iterator

from falaj.catalog.providers import Provider
from falaj.catalog.tls_policies import policies_from
from policies.control import Control, Severity, Subject, as_is
from policies.examples.kubernetes import service
from policies.examples.transport import APPLICATION_GATEWAY, application_gateway, part
from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

FIRST_MODERN = "AppGwSslPolicy20220101S"
"""The first of Azure's own policies without ciphers that lack forward secrecy."""
OWN_CIPHERS = ("Custom", "CustomV2")
MODERN = ("TLSv1_2", "TLSv1_3")
POLICY = ("policyType", "policyName", "minProtocolVersion")

CONTROL = Control(
    id="TLS-007",
    title="Application gateways of Azure speak TLS 1.2 or newer",
    harm="Whoever stands between a client and the gateway reads its requests, or bends them to a broken version.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(APPLICATION_GATEWAY,), view=as_is),
    reads=(
        *(f"sslPolicy.{name}" for name in POLICY),
        *(f"sslProfiles[*].sslPolicy.{name}" for name in POLICY),
        "httpListeners[*].name",
        "httpListeners[*].protocol",
        "listeners[*].protocol",
        "requestRoutingRules[*].httpListener.id",
        "requestRoutingRules[*].redirectConfiguration.id",
        "redirectConfigurations[*].name",
        "redirectConfigurations[*].targetListener.id",
        "redirectConfigurations[*].targetUrl",
    ),
    remedy=(
        f"Set sslPolicy to policyType Predefined, policyName {FIRST_MODERN}, give every listener protocol Https, and "
        "let one over Http have no rule but a redirect to it."
    ),
    note=(
        "The policy has to be named: the one that Azure takes otherwise depends on the version of its interface. A "
        "profile of a listener can loosen it, so profiles are judged too. Which ciphers a policy of one's own takes "
        "is not judged."
    ),
)


@CONTROL.check
def speaks_modern_tls(gateway: Resource) -> Iterator[Outcome]:
    """Find an old policy, and a listener that can be reached in the clear."""
    yield from is_modern(gateway["sslPolicy"])
    for profile in gateway["sslProfiles"].items():
        if profile["sslPolicy"].value is not None:
            yield from is_modern(profile["sslPolicy"])
    for listener in gateway["listeners"].items():
        yield from is_one_of(listener["protocol"], ("Tls",))
    for listener in gateway["httpListeners"].items():
        if listener["protocol"].value == "Http":
            yield from only_redirects(gateway, listener)
        else:
            yield from is_one_of(listener["protocol"], ("Https",), "Https; Http to redirect there")


def is_modern(policy: Node) -> Iterator[Outcome]:
    """Find a policy that takes TLS 1.1 or older."""
    kind = policy["policyType"]
    if kind.value in OWN_CIPHERS:
        yield from is_one_of(policy["minProtocolVersion"], MODERN)
    elif kind.value == "Predefined":
        known = policies_from(Provider.AZURE, "1.2")
        yield from is_one_of(policy["policyName"], [name for name in known if name >= FIRST_MODERN])
    else:
        yield from is_one_of(kind, ("Predefined", *OWN_CIPHERS))


def only_redirects(gateway: Resource, listener: Node) -> Iterator[Outcome]:
    """Find a plain listener of which some rule does more than lead to HTTPS."""
    rules = list(gateway["requestRoutingRules"].items())
    of_others = [rule for rule in rules if refers_to(rule["httpListener"]["id"], listener) is False]
    if len(of_others) == len(rules):
        yield listener["protocol"].finding("Https, or a rule that redirects there")
    for rule in rules:
        refers = refers_to(rule["httpListener"]["id"], listener)
        if refers is None:
            yield next(each for each in (listener["name"], rule["httpListener"]["id"]) if not each.known).undecided
        elif refers:
            yield from leads_to_https(gateway, rule["redirectConfiguration"]["id"])


def leads_to_https(gateway: Resource, reference: Node) -> Iterator[Outcome]:
    """Find a reference to a redirect that ends anywhere but at HTTPS, or to none at all."""
    redirects = list(gateway["redirectConfigurations"].items())
    answers = [refers_to(reference, redirect) for redirect in redirects]
    if True in answers:
        yield from ends_at_https(gateway, redirects[answers.index(True)])
    elif None in answers:
        redirect = redirects[answers.index(None)]
        yield next(each for each in (reference, redirect["name"]) if not each.known).undecided
    else:
        yield reference.finding("a redirect to HTTPS")


def ends_at_https(gateway: Resource, redirect: Node) -> Iterator[Outcome]:
    """Find a redirect that ends at a plain listener or address."""
    target = redirect["targetListener"]["id"]
    if target.value is None:
        yield from redirect["targetUrl"].must(lambda url: str(url).startswith("https://"), "an address over HTTPS")
        return
    secure = [each for each in gateway["httpListeners"].items() if each["protocol"].value == "Https"]
    yield from target.must(lambda _: any(refers_to(target, each) for each in secure), "a listener over HTTPS")


def refers_to(reference: Node, found: Node) -> bool | None:
    """Tell whether an id ends with the name of a part; `None` when either is not known."""
    if not (reference.known and found["name"].known):
        return None
    return str(reference.value).rpartition("/")[2].lower() == str(found["name"].value).lower()


PLAIN_ALONE = "httpListeners[1].protocol: found Http, expected Https, or a rule that redirects there"
HTTPS_RULE = {"httpListener": part("httpListeners", "https"), "backendAddressPool": {"id": "pool"}}
TO_UPGRADE = {
    "httpListener": part("httpListeners", "HTTP"),
    "redirectConfiguration": part("redirectConfigurations", "upgrade"),
}
CONTROL.good("HTTPS, and plain HTTP that leads there", application_gateway())
CONTROL.good(
    "a policy of its own",
    application_gateway(sslPolicy={"policyType": "CustomV2", "minProtocolVersion": "TLSv1_3"}),
)
CONTROL.good(
    "a profile of TLS 1.2, and one without policy",
    application_gateway(
        sslProfiles=[
            {"name": "strict", "sslPolicy": {"policyType": "Custom", "minProtocolVersion": "TLSv1_2"}},
            {"name": "clients"},
        ]
    ),
)
CONTROL.good(
    "a redirect to an address over HTTPS",
    application_gateway(redirectConfigurations=[{"name": "Upgrade", "targetUrl": "https://acme.example.ae"}]),
)
CONTROL.good("TLS handed on", application_gateway(listeners=[{"name": "tls", "protocol": "Tls"}]))
CONTROL.bad(
    "no policy",
    application_gateway(sslPolicy=None),
    finding="sslPolicy.policyType: found nothing, expected Predefined or Custom or CustomV2",
)
CONTROL.bad(
    "an old policy",
    application_gateway(sslPolicy={"policyType": "Predefined", "policyName": "AppGwSslPolicy20170401S"}),
    finding=f"sslPolicy.policyName: found AppGwSslPolicy20170401S, expected {FIRST_MODERN}",
)
CONTROL.bad(
    "an old version in a policy of its own",
    application_gateway(sslPolicy={"policyType": "Custom", "minProtocolVersion": "TLSv1_1"}),
    finding="sslPolicy.minProtocolVersion: found TLSv1_1, expected TLSv1_2 or TLSv1_3",
)
CONTROL.bad(
    "a profile that loosens it",
    application_gateway(
        sslProfiles=[{"name": "old", "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20150501"}}]
    ),
    finding=f"sslProfiles[0].sslPolicy.policyName: found AppGwSslPolicy20150501, expected {FIRST_MODERN}",
)
CONTROL.bad(
    "plain TCP handed on",
    application_gateway(listeners=[{"name": "tcp", "protocol": "Tcp"}]),
    finding="listeners[0].protocol: found Tcp, expected Tls",
)
CONTROL.bad(
    "a listener without protocol",
    application_gateway(httpListeners=[{"name": "https"}]),
    finding="httpListeners[0].protocol: found nothing, expected Https; Http to redirect there",
)
CONTROL.bad("plain HTTP without a rule", application_gateway(requestRoutingRules=[HTTPS_RULE]), finding=PLAIN_ALONE)
CONTROL.bad("no rules at all", application_gateway(requestRoutingRules=None), finding=PLAIN_ALONE)
CONTROL.bad(
    "plain HTTP to the servers",
    application_gateway(
        requestRoutingRules=[
            HTTPS_RULE,
            TO_UPGRADE,
            {"httpListener": part("httpListeners", "http"), "backendAddressPool": {"id": "pool"}},
        ]
    ),
    finding="requestRoutingRules[2].redirectConfiguration.id: found nothing, expected a redirect to HTTPS",
)
CONTROL.bad(
    "a redirect to itself",
    application_gateway(redirectConfigurations=[{"name": "upgrade", "targetListener": {"id": "/httpListeners/http"}}]),
    finding="redirectConfigurations[0].targetListener.id: found /httpListeners/http, expected a listener over HTTPS",
)
CONTROL.bad(
    "a redirect to a plain address",
    application_gateway(redirectConfigurations=[{"name": "upgrade", "targetUrl": "http://acme.example.ae"}]),
    finding=("redirectConfigurations[0].targetUrl: found http://acme.example.ae, expected an address over HTTPS"),
)
CONTROL.unknown(
    "kind of policy made elsewhere", application_gateway(sslPolicy={"policyType": UNKNOWN}), at="sslPolicy.policyType"
)
CONTROL.unknown(
    "name of the policy made elsewhere",
    application_gateway(sslPolicy={"policyType": "Predefined", "policyName": UNKNOWN}),
    at="sslPolicy.policyName",
)
CONTROL.unknown(
    "protocol made elsewhere",
    application_gateway(httpListeners=[{"name": "https", "protocol": UNKNOWN}]),
    at="httpListeners[0].protocol",
)
CONTROL.unknown(
    "a rule of nobody knows which listener",
    application_gateway(requestRoutingRules=[TO_UPGRADE, {"httpListener": {"id": UNKNOWN}}]),
    at="requestRoutingRules[1].httpListener.id",
)
CONTROL.unknown(
    "a listener without a known name",
    application_gateway(httpListeners=[{"name": UNKNOWN, "protocol": "Http"}], requestRoutingRules=[TO_UPGRADE]),
    at="httpListeners[0].name",
)
CONTROL.unknown(
    "nobody knows which redirect",
    application_gateway(
        requestRoutingRules=[{"httpListener": part("httpListeners", "http"), "redirectConfiguration": {"id": UNKNOWN}}]
    ),
    at="requestRoutingRules[0].redirectConfiguration.id",
)
CONTROL.unknown(
    "a redirect without a known name",
    application_gateway(redirectConfigurations=[{"name": UNKNOWN}]),
    at="redirectConfigurations[0].name",
)
CONTROL.unknown(
    "a redirect to nobody knows where",
    application_gateway(redirectConfigurations=[{"name": "upgrade", "targetListener": {"id": UNKNOWN}}]),
    at="redirectConfigurations[0].targetListener.id",
)
CONTROL.not_applicable("a Service has no listener of its own", service())
