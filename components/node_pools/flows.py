"""What the machines of a pool move on their own, whatever runs on them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from components.gateway.names import API_SERVER_END
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions

if TYPE_CHECKING:
    from components.node_pools.spec import NodePoolSpec

HTTPS_PORT = 443
SERVICES = {Provider.AWS: "aws/ec2", Provider.AZURE: "azure/compute"}
"""Who runs the machines."""


def pool_flows(spec: NodePoolSpec) -> tuple[DataFlow, ...]:
    """Return the flows of a pool's machines: images in, state to the API server, health to the cloud."""
    region = spec.placement.region
    flow = partial(DataFlow, source=f"nodes/{spec.pool}", region=region, encryption=Encryption.TLS, port=HTTPS_PORT)
    return (
        flow(
            sink="registry",
            data_class=DataClass.INTERNAL,
            channel=Channel.IMAGE_PULL,
            purpose="images and models, pulled by the identity of the nodes",
        ),
        flow(
            sink=API_SERVER_END,
            data_class=DataClass.INTERNAL,
            channel=Channel.CONTROL,
            purpose="state of nodes and pods, and the Secrets of the pods placed there",
        ),
        flow(
            sink=SERVICES[regions()[region].provider],
            data_class=DataClass.OPERATIONAL,
            channel=Channel.TELEMETRY,
            purpose="health, load and console of the machines, as the cloud sees them from below",
        ),
    )
