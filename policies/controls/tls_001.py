"""TLS-001: load balancers of AWS speak TLS 1.2 or newer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from falaj.catalog.providers import Provider
from falaj.catalog.tls_policies import policies_from
from policies.control import Control, Severity, Situated, Subject, situated
from policies.examples.transport import LISTENER, LISTENER_ARN, LISTENER_RULE, listener, listener_rule, named, redirect
from policies.joins import companions, said_of
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.resources import resource
from policies.templates import is_one_of
from policies.values import UNKNOWN

LISTENERS = (LISTENER, "aws:alb/listener:Listener")
RULES = (LISTENER_RULE, "aws:alb/listenerRule:ListenerRule")
CLASSIC = "aws:elb/loadBalancer:LoadBalancer"
OVER_TLS = ("HTTPS", "TLS")

CONTROL = Control(
    id="TLS-001",
    title="Load balancers of AWS speak TLS 1.2 or newer",
    harm="Whoever stands between a client and the load balancer reads its requests, or bends them to a broken version.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(*LISTENERS, CLASSIC), view=situated, stack_wide=True, beside=RULES),
    reads=(
        "Listener:arn",
        "Listener:protocol",
        "Listener:sslPolicy",
        "Listener:defaultActions[*].type",
        "Listener:defaultActions[*].redirect.protocol",
        "ListenerRule:listenerArn",
        "ListenerRule:actions[*].type",
        "ListenerRule:actions[*].redirect.protocol",
        "LoadBalancer:listeners",
    ),
    remedy=(
        "Give the listener protocol HTTPS or TLS and an sslPolicy that `falaj.catalog.tls_policies` lists with 1.2 or "
        "1.3; let HTTP do nothing but redirect to HTTPS."
    ),
    note=(
        "The policies are listed one by one, because names such as TLS13-1-0 speak TLS 1.0 too. Rules of a plain "
        "listener are judged with it. A classic load balancer is never let through: it negotiates TLS 1.0 by default "
        "and says so in another resource. That there is a certificate is left to AWS, which takes no listener without."
    ),
)


@CONTROL.check
def speaks_modern_tls(found: Situated) -> Iterator[Outcome]:
    """Find a listener that can be reached in the clear or with an old version of TLS."""
    protocol = found["protocol"]
    if found.resource.type == CLASSIC:
        kind = "an application or a network load balancer, whose listeners name their TLS policy"
        yield replace(found["listeners"].finding(kind), found="a classic load balancer")
    elif not protocol.known:
        yield protocol.undecided
    elif protocol.value in OVER_TLS:
        allowed = policies_from(Provider.AWS, "1.2")
        yield from is_one_of(found["sslPolicy"], allowed, f"a policy without TLS 1.1, such as {allowed[0]}")
    elif protocol.value == "HTTP":
        yield from only_redirects(found["defaultActions"])
        yield from rules_only_redirect(found)
    elif protocol.value == "GENEVE":
        yield NotApplicable("hands packets to an inspecting machine, whoever sent them")
    else:
        yield protocol.finding("HTTPS or TLS; HTTP to redirect there")


def only_redirects(actions: Node) -> Iterator[Outcome]:
    """Find each action that answers a plain request with anything but the way to HTTPS."""
    for action in actions.items():
        yield from action["type"].must(lambda kind: kind == "redirect", "redirect, over plain HTTP")
        if action["type"].value == "redirect":
            yield from action["redirect"]["protocol"].must(lambda target: target == "HTTPS", "HTTPS")


def rules_only_redirect(found: Situated) -> Iterator[Outcome]:
    """Find each rule of a plain listener that does more than redirect."""
    for token in RULES:
        beside = companions(found.resource, found.plan, token, "listenerArn")
        for rule in beside.certain:
            yield from said_of(rule, only_redirects(rule["actions"]))
        for rule in beside.undecided:
            yield replace(rule["listenerArn"].undecided, urn=rule.urn)


PLAIN: dict[str, Any] = {"port": 80, "protocol": "HTTP", "sslPolicy": None}
FORWARD = {"type": "forward", "targetGroupArn": "arn:aws:group"}
ANY_MODERN = "expected a policy without TLS 1.1, such as ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"
CONTROL.good("HTTPS with a policy of TLS 1.2", listener())
CONTROL.good(
    "TLS 1.3 alone, at a network load balancer",
    listener(protocol="TLS", sslPolicy="ELBSecurityPolicy-TLS13-1-3-2021-06"),
)
CONTROL.good("under the older name of the type", listener(token=LISTENERS[1]))
CONTROL.good("plain HTTP that redirects", listener(redirect(), **PLAIN))
CONTROL.good(
    "plain HTTP whose rules redirect too", listener(redirect(), arn=LISTENER_ARN, **PLAIN), listener_rule(redirect())
)
CONTROL.good(
    "plain HTTP beside a rule of another listener",
    listener(redirect(), **PLAIN),
    listener_rule(FORWARD, of=UNKNOWN, made_from=[named(LISTENER, "other")]),
)
CONTROL.bad(
    "HTTPS with the policy that AWS takes when none is named",
    listener(sslPolicy=None),
    finding=f"sslPolicy: found nothing, {ANY_MODERN}",
)
CONTROL.bad(
    "a policy that begins with TLS13 and still speaks TLS 1.0",
    listener(sslPolicy="ELBSecurityPolicy-TLS13-1-0-2021-06"),
    finding=f"sslPolicy: found ELBSecurityPolicy-TLS13-1-0-2021-06, {ANY_MODERN}",
)
CONTROL.bad(
    "a policy of TLS 1.1 at a network load balancer",
    listener(protocol="TLS", sslPolicy="ELBSecurityPolicy-TLS13-1-1-2021-06"),
    finding=f"sslPolicy: found ELBSecurityPolicy-TLS13-1-1-2021-06, {ANY_MODERN}",
)
CONTROL.bad(
    "plain HTTP to the servers",
    listener(**PLAIN),
    finding="defaultActions[0].type: found forward, expected redirect, over plain HTTP",
)
CONTROL.bad(
    "a redirect that stays plain",
    listener(redirect(protocol=None), **PLAIN),
    finding="defaultActions[0].redirect.protocol: found nothing, expected HTTPS",
)
CONTROL.bad(
    "a rule that lets plain HTTP through",
    listener(redirect(), arn=LISTENER_ARN, **PLAIN),
    listener_rule(FORWARD),
    finding="actions[0].type: found forward, expected redirect, over plain HTTP",
)
CONTROL.bad(
    "a rule of the older name, made from the listener",
    listener(redirect(), arn=UNKNOWN, **PLAIN),
    listener_rule(redirect(protocol="HTTP"), of=UNKNOWN, made_from=[named(LISTENER, "front")], token=RULES[1]),
    finding="actions[0].redirect.protocol: found HTTP, expected HTTPS",
)
CONTROL.bad(
    "TCP, whatever is inside",
    listener(protocol="TCP", sslPolicy=None),
    finding="protocol: found TCP, expected HTTPS or TLS; HTTP to redirect there",
)
CONTROL.bad(
    "no protocol, which is HTTP",
    listener(protocol=None),
    finding="protocol: found nothing, expected HTTPS or TLS; HTTP to redirect there",
)
CONTROL.bad(
    "a classic load balancer",
    resource(CLASSIC, {"listeners": [{"lbPort": 443, "lbProtocol": "https"}]}),
    finding=(
        "listeners: found a classic load balancer, expected an application or a network load balancer, "
        "whose listeners name their TLS policy"
    ),
)
CONTROL.unknown("protocol made elsewhere", listener(protocol=UNKNOWN), at="protocol")
CONTROL.unknown("policy made elsewhere", listener(sslPolicy=UNKNOWN), at="sslPolicy")
CONTROL.unknown("actions made elsewhere", listener(**(PLAIN | {"defaultActions": UNKNOWN})), at="defaultActions")
CONTROL.unknown(
    "a rule of nobody knows which listener",
    listener(redirect(), **PLAIN),
    listener_rule(FORWARD, of=UNKNOWN),
    at="listenerArn",
)
CONTROL.not_applicable("a listener of a gateway load balancer", listener(protocol="GENEVE", sslPolicy=None))
CONTROL.not_applicable("a rule is judged with its listener", listener_rule(FORWARD))
