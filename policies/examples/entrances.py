"""Load balancers with listeners, for the examples of controls."""

from __future__ import annotations

from typing import Final

from policies.examples.kubernetes import metadata
from policies.examples.linked import linked
from policies.resources import Resource, resource
from policies.values import UNKNOWN
from policies.workloads.kinds import INGRESSES

BALANCERS: Final = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
LISTENERS: Final = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
LISTENER_RULES: Final = ("aws:lb/listenerRule:ListenerRule", "aws:alb/listenerRule:ListenerRule")


def balancer(internal: object = False, token: str = BALANCERS[0]) -> Resource:
    """Make a load balancer that AWS has not made yet."""
    return resource(token, {"arn": UNKNOWN, "internal": internal})


def listener(*actions: str, token: str = LISTENERS[0], **properties: object) -> Resource:
    """Make a listener of the load balancer over HTTPS, with these actions."""
    defaults: dict[str, object] = {"arn": UNKNOWN, "protocol": "HTTPS", "defaultActions": typed(actions)}
    return linked(token, balancer(token=front_of(token)), "loadBalancerArn", **defaults | properties)


def listener_rule(*actions: object, token: str = LISTENER_RULES[0]) -> Resource:
    """Make a rule of the listener, with these actions."""
    kind = LISTENERS[LISTENER_RULES.index(token)]
    return linked(token, listener(token=kind), "listenerArn", actions=typed(actions))


def front_of(token: str) -> str:
    """Return the type of load balancer that listeners of a type belong to."""
    return BALANCERS[LISTENERS.index(token)]


def published(token: str = INGRESSES[0], annotations: object = None) -> Resource:
    """Make an Ingress with these annotations."""
    return resource(
        token, {"metadata": metadata(annotations=annotations), "spec": {"rules": [{"host": "iris.acme.ae"}]}}
    )


def typed(actions: tuple[object, ...]) -> list[dict[str, object]]:
    """Describe actions of these types."""
    return [{"type": each} for each in actions]
