"""Small random clusters: few names and addresses, so that selectors, blocks and ports meet often."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.localcluster.policy_agent.manifests import namespace, pod, policy
from tests.localcluster.policy_agent.oracle import Manifest, World

ADDRESSES = tuple(f"10.244.0.{last}" for last in range(2, 7))
OUTSIDE = "10.201.0.1"
NODE = "10.201.0.2"
PORTS = (53, 80, 8080)
PROTOCOLS = ("TCP", "UDP", "SCTP")
NAMESPACES = ("acme", "birch", "cedar")
BLOCKS = ("0.0.0.0/0", "10.244.0.0/24", "10.244.0.2/31", "10.244.0.4/32", "10.0.0.0/8", "10.201.0.0/30", "128.0.0.0/1")
HOLES = ("10.244.0.2/32", "10.244.0.4/30", "10.201.0.2/32", "10.244.0.0/16")

keys = st.sampled_from(["app", "tier"])
values = st.sampled_from(["x", "y"])
labels = st.dictionaries(keys, values, max_size=2)
expressions = st.one_of(
    st.fixed_dictionaries(
        {
            "key": keys,
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(values, min_size=1, max_size=2),
        }
    ),
    st.fixed_dictionaries({"key": keys, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": labels, "matchExpressions": st.lists(expressions, max_size=2)}
)
blocks = st.builds(
    lambda cidr, holes: {"cidr": cidr, "except": holes},
    st.sampled_from(BLOCKS),
    st.lists(st.sampled_from(HOLES), max_size=2),
)
peers = st.one_of(
    st.fixed_dictionaries({"ipBlock": blocks}),
    st.fixed_dictionaries({"podSelector": selectors}, optional={"namespaceSelector": selectors}),
    st.fixed_dictionaries({"namespaceSelector": selectors}),
)


@st.composite
def ports(draw: st.DrawFn, protocols: tuple[str, ...] = PROTOCOLS) -> Manifest:
    """One entry of a rule's ports."""
    wanted: Manifest = draw(st.fixed_dictionaries({}, optional={"protocol": st.sampled_from(protocols)}))
    number = draw(st.sampled_from([None, "web", "dns", *PORTS]))
    if number is not None:
        wanted["port"] = number
    if isinstance(number, int) and draw(st.booleans()):
        wanted["endPort"] = draw(st.sampled_from([port for port in PORTS if port >= number]))
    return wanted


def rules(side: str) -> st.SearchStrategy[Manifest]:
    """A rule with its peers under ``from`` or ``to``."""
    return st.fixed_dictionaries(
        {}, optional={side: st.lists(peers, max_size=3), "ports": st.lists(ports(), max_size=3)}
    )


specifications: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"podSelector": selectors},
    optional={
        "policyTypes": st.lists(st.sampled_from(["Ingress", "Egress"]), unique=True, max_size=2),
        "ingress": st.lists(rules("from"), max_size=3),
        "egress": st.lists(rules("to"), max_size=3),
    },
)
named_ports = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["web", "dns"]), "containerPort": st.sampled_from(PORTS)},
        optional={"protocol": st.sampled_from(PROTOCOLS)},
    ),
    max_size=2,
    unique_by=lambda port: port["name"],
)


@st.composite
def pods(draw: st.DrawFn, name: str, address: str | None) -> Manifest:
    """A pod at the address."""
    return pod(
        name,
        address,
        namespace=draw(st.sampled_from(NAMESPACES)),
        labels=draw(labels),
        ports=draw(named_ports),
        phase=draw(st.sampled_from(["Running"] * 8 + ["Succeeded"])),
        host_network=draw(st.sampled_from([False] * 8 + [True])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A cluster with at most one pod to most addresses, and now and then two."""
    living = [
        draw(pods(f"pod-{address}", address)) for address in draw(st.lists(st.sampled_from(ADDRESSES), unique=True))
    ]
    doubled = [draw(pods("late", draw(st.sampled_from(ADDRESSES))))] if draw(st.integers(0, 4)) == 4 else []
    known = draw(st.lists(st.sampled_from(NAMESPACES), unique=True, min_size=2))
    return World(
        [*living, *doubled],
        [namespace(name, **draw(labels)) for name in known],
        [
            policy(f"policy-{index}", namespace=home, **specification)
            for index, (home, specification) in enumerate(
                draw(st.lists(st.tuples(st.sampled_from(NAMESPACES), specifications), max_size=5))
            )
        ],
    )
