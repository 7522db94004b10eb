"""NET-010: what the internet can reach asks callers who they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import Field

from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.entrances import (
    BALANCERS,
    LISTENER_RULES,
    LISTENERS,
    balancer,
    front_of,
    listener,
    listener_rule,
    published,
)
from policies.examples.kubernetes import service
from policies.examples.linked import linked, other
from policies.expressions import annotation
from policies.joins import companions, said_of
from policies.node import Node
from policies.outcomes import Finding, NotApplicable, Outcome
from policies.parameters import Parameters
from policies.resources import Plan, Resource, resource
from policies.tables import Table, by_table, one_of, reads_of
from policies.templates import is_absent, is_one_of
from policies.values import UNKNOWN
from policies.workloads.kinds import INGRESSES

ACTIONS = {**dict.fromkeys(LISTENERS, "defaultActions"), **dict.fromkeys(LISTENER_RULES, "actions")}
"""Where each type says what becomes of a request."""
IDENTIFYING = frozenset({"authenticate-oidc", "authenticate-cognito", "jwt-validation"})
ANSWERING = frozenset({"fixed-response", "redirect"})
"""What a load balancer does with a request by itself."""
AWAITED = f"{', '.join(sorted(IDENTIFYING))} before it, or client certificates"
UNREAD = ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC", "GENEVE")
"""The protocols whose connections a load balancer passes on without a look at requests."""


class Route(NamedTuple):
    """How one kind of route says who may ask."""

    asked: str
    authorization: str
    allowed: tuple[str, ...]


ROUTES: Mapping[str, Route] = {
    "aws:apigatewayv2/route:Route": Route("routeKey", "authorizationType", ("JWT", "CUSTOM", "AWS_IAM")),
    "aws:apigateway/method:Method": Route("httpMethod", "authorization", ("COGNITO_USER_POOLS", "CUSTOM", "AWS_IAM")),
}
ROUTE, METHOD = ROUTES
RULES: Table = {
    "aws:lambda/functionUrl:FunctionUrl": {"authorizationType": one_of("AWS_IAM")},
    "aws:apigatewayv2/api:Api": {"target": lambda node: is_absent(node, "routes, of which each says who may ask")},
}
FUNCTION_URL, API = RULES
NGINX_URL, NGINX_CLIENT, NGINX_VERIFY = (
    f"nginx.ingress.kubernetes.io/auth-{name}" for name in ("url", "tls-secret", "tls-verify-client")
)
ALB_TYPE, ALB_MUTUAL, ALB_SCHEME = (
    f"alb.ingress.kubernetes.io/{name}" for name in ("auth-type", "mutual-authentication", "scheme")
)


class Authentication(Parameters):
    """How an Ingress of this cluster makes callers say who they are."""

    annotations: tuple[str, ...] = Field(
        default=(), description="Further annotations by which the ingress controller in use authenticates callers."
    )


CONTROL = Control(
    id="NET-010",
    title="What the internet can reach asks callers who they are",
    harm="Anyone may ask a model, learn it by heart or read what it knows, and nobody is billed or blamed.",
    severity=Severity.CRITICAL,
    applies_to=Subject(
        tokens=(*INGRESSES, *ACTIONS, *ROUTES, *RULES), view=situated, stack_wide=True, beside=BALANCERS
    ),
    reads=(
        *reads_of(RULES),
        *(f"{kind}:metadata.annotations" for kind in ("Ingress", "IngressPatch")),
        *(
            f'{kind}:metadata.annotations["{name}"]'
            for kind in ("Ingress", "IngressPatch")
            for name in (NGINX_URL, NGINX_CLIENT, NGINX_VERIFY, ALB_TYPE, ALB_MUTUAL, ALB_SCHEME)
        ),
        *(f"{token}:{name}[*].type" for token, name in ACTIONS.items()),
        *(f"Listener:{name}" for name in ("arn", "loadBalancerArn", "protocol", "mutualAuthentication.mode")),
        "ListenerRule:listenerArn",
        *(f"LoadBalancer:{name}" for name in ("arn", "internal")),
        *(f"{token}:{name}" for token, route in ROUTES.items() for name in (*route[:2], "apiKeyRequired")),
    ),
    remedy="Authenticate with OIDC, a token, a client certificate or a key where the request comes in.",
    admits=(
        f"{annotation(ALB_SCHEME)} == 'internal' || "
        f"(['{NGINX_URL}'] + ({annotation(NGINX_VERIFY)} in ['', 'on'] ? ['{NGINX_CLIENT}'] + "
        "variables.net_010_annotations : [])).exists(name, variables.annotations[?name].orValue('') != '') || "
        f"{annotation(ALB_TYPE)} in ['oidc', 'cognito'] || {annotation(ALB_MUTUAL)}.contains('\"verify\"')"
    ),
    only_in_a_plan="entrances of a cloud, which are no objects of a cluster.",
    note=(
        "Load balancers inside the network are left out, as are listeners that pass connections on unread. Which "
        "annotations authenticate depends on the ingress controller: those of NGINX and of the AWS load balancer "
        "controller are known, others are set. Routes of the Gateway API have no standard field for it and are not "
        "judged; the platform's own are published inside the network alone. A preflight request carries no identity."
    ),
    parameters=Authentication,
)


@CONTROL.check
def asks_who_calls(found: Situated) -> Iterator[Outcome]:
    """Find each entrance that lets in whoever comes."""
    one, plan = found.resource, found.plan
    if one.type in ACTIONS:
        yield from of_balancer(one, plan)
    elif one.type in ROUTES:
        yield from of_route(one, ROUTES[one.type])
    elif one.type in RULES:
        yield from by_table(RULES, one)
    else:
        yield from of_ingress(one["metadata"]["annotations"], plan.parameters(Authentication).annotations)


def of_ingress(annotations: Node, more: tuple[str, ...]) -> Iterator[Outcome]:
    """Judge the annotations of an Ingress."""
    if annotations[ALB_SCHEME].value == "internal":
        yield NotApplicable("answers inside the network only")
    elif authenticates(annotations, more):
        return
    elif annotations.known:
        expected = f"one of {', '.join((NGINX_URL, NGINX_CLIENT, ALB_TYPE, ALB_MUTUAL, *more))}"
        yield Finding(annotations.path, "nothing that authenticates callers", expected)
    else:
        yield annotations.undecided


def authenticates(annotations: Node, more: tuple[str, ...]) -> bool:
    """Tell whether an annotation that is known makes callers say who they are."""
    verified = annotations[NGINX_VERIFY].value in (None, "on")
    names = (NGINX_URL, NGINX_CLIENT, *more) if verified else (NGINX_URL, *more)
    return (
        any(isinstance(annotations[name].value, str) and annotations[name].value for name in names)
        or annotations[ALB_TYPE].value in ("oidc", "cognito")
        or '"verify"' in str(annotations[ALB_MUTUAL].value)
    )


def of_balancer(found: Resource, plan: Plan) -> Iterator[Outcome]:
    """Judge a listener or a rule of a load balancer that the internet reaches."""
    entrance = found if found.type in LISTENERS else named_by(found, plan, LISTENERS, "listenerArn")
    front = named_by(entrance, plan, BALANCERS, "loadBalancerArn") if entrance else None
    if front and not front["internal"].known:
        yield from said_of(front, [front["internal"].undecided])
    elif front and front["internal"].value is True:
        yield NotApplicable("answers inside the network only")
    elif entrance and entrance["protocol"].value in UNREAD:
        yield NotApplicable("passes connections on unread")
    else:
        yield from identifies(found, entrance)


def named_by(found: Resource, plan: Plan, tokens: tuple[str, ...], name: str) -> Resource | None:
    """Return the resource of one of the types that a property names."""
    for each in plan.of_type(*tokens):
        if any(found.urn == speaker.urn for speaker in companions(each, plan, found.type, name).certain):
            return each
    return None


def identifies(found: Resource, entrance: Resource | None) -> Iterator[Outcome]:
    """Find requests that are passed on without a question."""
    actions = found[ACTIONS[found.type]]
    types = [*found.root.select(f"{ACTIONS[found.type]}[].type")]
    named = {each.value for each in types}
    mode = entrance["mutualAuthentication"]["mode"] if entrance else Node(None)
    protocol = entrance["protocol"] if entrance else Node(None)
    if named & IDENTIFYING or mode.value == "verify":
        return
    if open_questions := [each.undecided for each in (*types, mode, protocol) if not each.known]:
        yield from open_questions
    elif passed_on := sorted(str(each) for each in named - ANSWERING):
        yield Finding(actions.path, ", ".join(passed_on), AWAITED)


def of_route(found: Resource, route: Route) -> Iterator[Outcome]:
    """Judge a route of an API gateway."""
    asked, key = found[route.asked], found["apiKeyRequired"]
    problems = [*is_one_of(found[route.authorization], route.allowed)]
    if str(asked.value).partition(" ")[0] == "OPTIONS":
        yield NotApplicable("is a preflight request")
    elif problems and (open_questions := [each.undecided for each in (asked, key) if not each.known]):
        yield from open_questions
    elif key.value is not True:
        yield from problems


SIGN_IN = "https://login.acme.ae/auth"
NONE = (
    "metadata.annotations: found nothing that authenticates callers, "
    f"expected one of {', '.join((NGINX_URL, NGINX_CLIENT, ALB_TYPE, ALB_MUTUAL))}"
)
MIDDLEWARES = "traefik.ingress.kubernetes.io/router.middlewares"
for token in INGRESSES:
    CONTROL.good(f"{token.rpartition(':')[2]} that asks elsewhere", published(token, {NGINX_URL: SIGN_IN}))
CONTROL.good("an Ingress for certificates", published(annotations={NGINX_CLIENT: "acme/clients"}))
CONTROL.good(
    "an Ingress for certificates alone", published(annotations={NGINX_CLIENT: "acme/clients", NGINX_VERIFY: "on"})
)
CONTROL.good("an Ingress of AWS", published(annotations={ALB_TYPE: "oidc"}))
CONTROL.good("an Ingress of AWS that asks Cognito", published(annotations={ALB_TYPE: "cognito"}))
CONTROL.good(
    "an Ingress of AWS for certificates", published(annotations={ALB_MUTUAL: '[{"port": 443, "mode": "verify"}]'})
)
for token, rules in zip(LISTENERS, LISTENER_RULES, strict=True):
    asking = listener("authenticate-oidc", "forward", token=token)
    CONTROL.good(f"asks first: {token}", asking, balancer(token=front_of(token)))
    asking_rule = listener_rule("jwt-validation", "forward", token=rules)
    CONTROL.good(f"asks first: {rules}", asking_rule, listener("forward", token=token), balancer(token=front_of(token)))
CERTIFIED = listener("forward", mutualAuthentication={"mode": "verify"})
CONTROL.good("asks for a certificate", CERTIFIED)
CONTROL.good("a rule of a listener that asks for a certificate", listener_rule("forward"), CERTIFIED)
CONTROL.good("answers itself", listener("fixed-response"))
CONTROL.good("a route with tokens", resource(ROUTE, {"routeKey": "POST /v2", "authorizationType": "JWT"}))
CONTROL.good("a route with keys", resource(ROUTE, {"routeKey": "POST /v2", "apiKeyRequired": True}))
CONTROL.good("a method with signatures", resource(METHOD, {"httpMethod": "POST", "authorization": "AWS_IAM"}))
CONTROL.good("a function with signatures", resource(FUNCTION_URL, {"authorizationType": "AWS_IAM"}))
CONTROL.good("an API with routes", resource(API, {"protocolType": "HTTP"}))
for token in INGRESSES:
    CONTROL.bad(f"{token.rpartition(':')[2]} for all", published(token, {}), finding=NONE)
CONTROL.bad("an Ingress without annotations", published(annotations=None), finding=NONE)
CONTROL.bad(
    "an Ingress with words that ask nothing",
    published(
        annotations={
            NGINX_URL: "",
            NGINX_CLIENT: "acme/clients",
            NGINX_VERIFY: "optional",
            ALB_TYPE: "none",
            ALB_MUTUAL: '[{"port": 443, "mode": "passthrough"}]',
            ALB_SCHEME: "internet-facing",
        }
    ),
    finding=NONE,
)
for token, rules in zip(LISTENERS, LISTENER_RULES, strict=True):
    CONTROL.bad(
        f"asks nothing: {token}",
        listener("redirect", "forward", token=token),
        balancer(token=front_of(token)),
        finding=f"defaultActions: found forward, expected {AWAITED}",
    )
    CONTROL.bad(
        f"asks nothing: {rules}",
        listener_rule("forward", token=rules),
        listener("authenticate-oidc", "forward", token=token),
        balancer(token=front_of(token)),
        finding=f"actions: found forward, expected {AWAITED}",
    )
CONTROL.bad(
    "a rule of somebody else's listener",
    listener_rule("forward"),
    linked(LISTENERS[0], other(BALANCERS[0], internal=True), "loadBalancerArn", "other", protocol="TCP"),
    other(BALANCERS[0], internal=True),
    finding=f"actions: found forward, expected {AWAITED}",
)
CONTROL.bad(
    "a route for all",
    resource(ROUTE, {"routeKey": "POST /v2", "apiKeyRequired": False}),
    finding="authorizationType: found nothing, expected JWT or CUSTOM or AWS_IAM",
)
CONTROL.bad(
    "a method for all",
    resource(METHOD, {"httpMethod": "POST", "authorization": "NONE"}),
    finding="authorization: found NONE, expected COGNITO_USER_POOLS or CUSTOM or AWS_IAM",
)
CONTROL.bad(
    "a function for all",
    resource(FUNCTION_URL, {"authorizationType": "NONE"}),
    finding="authorizationType: found NONE, expected AWS_IAM",
)
CONTROL.bad(
    "an API made in one go",
    resource(API, {"target": "https://iris.acme.ae"}),
    finding="target: found https://iris.acme.ae, expected routes, of which each says who may ask",
)
CONTROL.good(
    "an annotation of the controller in use",
    published(annotations={MIDDLEWARES: "acme-oidc@kubernetescrd"}),
    parameters=Authentication(annotations=(MIDDLEWARES,)),
)
CONTROL.unknown("annotations made elsewhere", published(annotations=UNKNOWN), at="metadata.annotations")
CONTROL.unknown("a secret made elsewhere", published(annotations={NGINX_CLIENT: UNKNOWN}), at="metadata.annotations")
CONTROL.unknown("inside or not", listener("forward"), balancer(UNKNOWN), at="internal")
CONTROL.unknown("does something", listener_rule(UNKNOWN), at="actions[0].type")
CONTROL.unknown(
    "some protocol and certificates of some mode",
    listener("forward", protocol=UNKNOWN, mutualAuthentication={"mode": UNKNOWN}),
    at=("mutualAuthentication.mode", "protocol"),
)
CONTROL.unknown(
    "a route for something, with keys or not",
    resource(ROUTE, {"routeKey": UNKNOWN, "apiKeyRequired": UNKNOWN}),
    at=("routeKey", "apiKeyRequired"),
)
CONTROL.unknown(
    "authorized somehow", resource(ROUTE, {"routeKey": "POST /", "authorizationType": UNKNOWN}), at="authorizationType"
)
CONTROL.not_applicable("an Ingress inside", published(annotations={ALB_SCHEME: "internal"}))
CONTROL.not_applicable("a listener inside", listener("forward"), balancer(internal=True))
CONTROL.not_applicable("a rule inside", listener_rule("forward"), listener("forward"), balancer(internal=True))
CONTROL.not_applicable("a listener that passes connections on", listener("forward", protocol="TCP"), balancer())
CONTROL.not_applicable("a preflight request", resource(METHOD, {"httpMethod": "OPTIONS", "authorization": "NONE"}))
CONTROL.not_applicable("a preflight route", resource(ROUTE, {"routeKey": "OPTIONS /v2"}))
CONTROL.not_applicable("a Service", service())
