"""Network policies derived from declared data flows: the edges of the graph, and no others.

Pure: no resource is made here. A flow without a port (an image volume, log lines on the node) crosses no network and
opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from components.labels import NAME
from falaj.catalog.data_flows import Channel, DataFlow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pulumi
    from pulumi_kubernetes.networking.v1 import (
        NetworkPolicyEgressRuleArgsDict,
        NetworkPolicyIngressRuleArgsDict,
        NetworkPolicyPeerArgsDict,
        NetworkPolicyPortArgsDict,
        NetworkPolicySpecArgsDict,
    )

    Peers = pulumi.Input[Sequence[pulumi.Input[NetworkPolicyPeerArgsDict]]]

Rule = TypeVar("Rule")

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""The label the API server itself puts on every namespace."""


@dataclass(frozen=True, slots=True)
class End:
    """What a named end of a flow is in the cluster's terms.

    `peers` are NetworkPolicy peers. `port` is set where the packets arrive at another
    port than the flow names, as behind a Service.
    """

    peers: Peers
    port: pulumi.Input[int] | None = None


ANYONE = End(peers=[{"ip_block": {"cidr": "0.0.0.0/0"}}])
"""Whoever can reach the cluster."""


def pods_of(end: str) -> End:
    """Return the pods named `namespace/workload`. Refuses a name that is neither that nor a given end."""
    namespace, separator, workload = end.partition("/")
    if not (separator and namespace and workload):
        raise ValueError(f"{end} is no namespace/workload and no named end was given for it")
    return End(
        peers=[
            {
                "namespace_selector": {"match_labels": {NAMESPACE_NAME: namespace}},
                "pod_selector": {"match_labels": {NAME: workload}},
            }
        ]
    )


def edges_of(
    workload: str, flows: Iterable[DataFlow], ends: Mapping[str, End] | None = None
) -> NetworkPolicySpecArgsDict:
    """Return the NetworkPolicy that opens exactly what `flows` declare for the pods of `namespace/workload`.

    `ends` says what a name means that is no workload of the cluster.
    """
    named = ends or {}
    networked = [flow for flow in flows if flow.port is not None]
    ingress: list[NetworkPolicyIngressRuleArgsDict] = [
        {"from_": _peers(flow.source, named), "ports": _ports(flow, None)}
        for flow in networked
        if flow.sink == workload
    ]
    egress: list[NetworkPolicyEgressRuleArgsDict] = [
        {"to": _peers(flow.sink, named), "ports": _ports(flow, named.get(flow.sink))}
        for flow in networked
        if flow.source == workload
    ]
    return {
        "pod_selector": {"match_labels": {NAME: workload.partition("/")[2]}},
        "policy_types": ["Ingress", "Egress"],
        "ingress": _once(ingress),
        "egress": _once(egress),
    }


def _once(rules: Sequence[Rule]) -> list[Rule]:
    """Leave out a rule that stands before: several services behind the same addresses are one edge."""
    found: list[Rule] = []
    for rule in rules:
        if rule not in found:
            found.append(rule)
    return found


def _peers(end: str, named: Mapping[str, End]) -> Peers:
    return (named[end] if end in named else pods_of(end)).peers


def _ports(flow: DataFlow, end: End | None) -> list[NetworkPolicyPortArgsDict]:
    port = flow.port if end is None or end.port is None else end.port
    protocols = ("UDP", "TCP") if flow.channel is Channel.DNS else ("TCP",)
    return [{"protocol": protocol, "port": port} for protocol in protocols]
