"""What crosses a network's own doors: private endpoints and name resolution."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption
from falaj.catalog.private_access import Feature, endpoints

if TYPE_CHECKING:
    from components.network.spec import NetworkSpec

NODES_END = "network/nodes"
"""Nodes and pods, as flows name them."""
RESOLVER_END = "network/resolver"
"""The network's own resolver of names."""

CHANNELS = {
    Feature.KUBERNETES: Channel.CONTROL,
    Feature.REGISTRY: Channel.IMAGE_PULL,
    Feature.MODEL_STORE: Channel.OBJECT,
    Feature.KEYS: Channel.CONTROL,
    Feature.LOGS: Channel.LOG,
    Feature.METRICS: Channel.METRICS,
    Feature.IDENTITY: Channel.IDENTITY,
    Feature.MACHINES: Channel.CONTROL,
    Feature.SCALING: Channel.CONTROL,
    Feature.LOAD_BALANCING: Channel.CONTROL,
    Feature.BACKUP: Channel.BACKUP,
    Feature.SECRETS: Channel.CONTROL,
    Feature.AUDIT: Channel.LOG,
}
"""How each feature's data travels."""
CONTENT = {
    Feature.REGISTRY: DataClass.INTERNAL,
    Feature.MODEL_STORE: DataClass.INTERNAL,
    Feature.SECRETS: DataClass.INTERNAL,
}
"""What moves where it is more than names, sizes and states; a backup holds whatever the environment may hold."""


def flows_of(spec: NetworkSpec) -> tuple[DataFlow, ...]:
    """Return a flow for each feature behind each private endpoint, and one for the resolution of names."""
    private = [
        DataFlow(
            source=NODES_END,
            sink=f"{spec.provider}/{endpoint.name}",
            data_class=_class_of(feature, spec),
            region=spec.placement.region,
            channel=CHANNELS[feature],
            port=443,
            encryption=Encryption.TLS,
            purpose=f"{feature.replace('_', ' ')}, over a private endpoint",
        )
        for endpoint in endpoints(spec.provider, spec.features)
        for feature in sorted(endpoint.features & spec.features)
    ]
    return (*private, names_resolved(spec))


def names_resolved(spec: NetworkSpec) -> DataFlow:
    """Return the flow of the names that nodes and pods ask for."""
    return DataFlow(
        source=NODES_END,
        sink=RESOLVER_END,
        data_class=DataClass.OPERATIONAL,
        region=spec.placement.region,
        channel=Channel.DNS,
        port=53,
        encryption=Encryption.CLUSTER_NETWORK,
        purpose="names of services; the resolver is part of the network and no query leaves it in the clear",
    )


def kept_logs(spec: NetworkSpec, what: str, sink: str, purpose: str, *, key: str = "logs") -> DataFlow:
    """Return the flow of a log that the cloud writes about the network."""
    log = partial(DataFlow, data_class=DataClass.OPERATIONAL, channel=Channel.LOG, encryption=Encryption.TLS, key=key)
    return log(source=f"network/{what}", sink=sink, region=spec.placement.region, purpose=purpose)


def _class_of(feature: Feature, spec: NetworkSpec) -> DataClass:
    if feature is Feature.BACKUP:
        return spec.placement.data_class
    return CONTENT.get(feature, DataClass.OPERATIONAL)
