"""What the cluster autoscaler moves: pods and nodes from the API server, counts of machines to AWS. No request."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from components.autoscaler.names import AUTOSCALER_END, POD_IDENTITY_END, SERVICES
from components.gateway.names import API_SERVER_END
from components.zero_trust.edges import End
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from collections.abc import Iterable

PURPOSES = dict(
    zip(
        SERVICES,
        (
            "reads the scaling groups of the cluster, sets how many machines each has",
            "reads the launch templates of machines that are not there yet",
            "reads labels and taints of pools without machines",
        ),
        strict=True,
    )
)
POD_IDENTITY = End(peers=[{"ip_block": {"cidr": "169.254.170.23/32"}}])
"""Where the agent of EKS Pod Identity answers on every node, and only to pods of that node.

Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-setup.html
"""


def flows_of(region: str) -> tuple[DataFlow, ...]:
    """Return the autoscaler's flows; all of them stay in the region."""
    flow = partial(DataFlow, source=AUTOSCALER_END, data_class=DataClass.OPERATIONAL, region=region)
    return (
        flow(
            sink=API_SERVER_END,
            channel=Channel.HTTPS,
            port=443,
            encryption=Encryption.TLS,
            purpose="reads pods that wait and nodes that idle, empties nodes before they go",
        ),
        *(
            flow(sink=service, channel=Channel.CONTROL, port=443, encryption=Encryption.TLS, purpose=purpose)
            for service, purpose in PURPOSES.items()
        ),
        flow(
            sink=POD_IDENTITY_END,
            channel=Channel.IDENTITY,
            port=80,
            encryption=Encryption.NODE,
            purpose="credentials of its role, from the agent on its own node",
        ),
        flow(
            sink="node/logs",
            channel=Channel.LOG,
            encryption=Encryption.NODE,
            purpose="log lines with names of pods, nodes and pools",
        ),
    )


def ends_of(api_server: End, private_endpoints: Iterable[str]) -> dict[str, End]:
    """Return what the named ends of the flows are: AWS answers at the network's own private endpoints alone."""
    endpoints = End(peers=[{"ip_block": {"cidr": network}} for network in private_endpoints])
    return {API_SERVER_END: api_server, POD_IDENTITY_END: POD_IDENTITY, **dict.fromkeys(SERVICES, endpoints)}
