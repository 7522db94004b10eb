"""What leaves through the one way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.network.flows import NODES_END, kept_logs
from components.network.spec import Egress
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

EGRESS_END = "network/egress"
"""The firewall or the address translation, as flows name it."""


def flows_of(spec: NetworkSpec, log_sink: str) -> tuple[DataFlow, ...]:
    """Return the connections through the way out and, with a firewall, its log. Each call declares its own content."""
    out = DataFlow(
        source=NODES_END,
        sink=EGRESS_END,
        data_class=DataClass.OPERATIONAL,
        region=spec.placement.region,
        channel=Channel.HTTPS,
        port=443,
        encryption=Encryption.TLS,
        purpose=f"connections to {_whom(spec)}; whoever calls declares what is sent and where that lies",
    )
    if spec.egress is Egress.NAT:
        return (out,)
    return (out, kept_logs(spec, "egress", log_sink, "connections let out and refused: addresses, ports and names"))


def _whom(spec: NetworkSpec) -> str:
    return "anyone" if spec.egress is Egress.NAT else ", ".join(spec.reachable_names)
