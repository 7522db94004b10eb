"""What moves into and out of a registry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.registry.spec import RegistrySpec

REGISTRY_END = "registry"
NODES_END = "nodes"
KEY = "registry"
"""Purpose of the key, as the key ring calls it."""


def registry_flows(spec: RegistrySpec) -> tuple[DataFlow, ...]:
    """Return every flow: images in, images out, what scans them, copies and what is fetched through."""
    flow = partial(DataFlow, region=spec.placement.region, data_class=DataClass.INTERNAL, encryption=Encryption.TLS)
    return (
        flow(
            source="platform-team",
            sink=REGISTRY_END,
            channel=Channel.HTTPS,
            port=443,
            key=KEY,
            purpose="images and model files by digest, from `falaj mirror`",
        ),
        flow(
            source=REGISTRY_END,
            sink=NODES_END,
            channel=Channel.IMAGE_PULL,
            port=443,
            key=KEY,
            purpose="images and model files by digest",
        ),
        flow(
            source=REGISTRY_END,
            sink=f"{spec.region.provider}/image-scanner",
            channel=Channel.TELEMETRY,
            purpose="packages found in images, compared with known vulnerabilities",
        ),
        *(_copy(replica) for replica in spec.replicas),
        *(_fetched(mirror.source, spec.placement.region) for mirror in spec.mirrors),
    )


def _copy(replica: str) -> DataFlow:
    return DataFlow(
        source=REGISTRY_END,
        sink=f"{REGISTRY_END}-{replica}",
        region=replica,
        data_class=DataClass.INTERNAL,
        channel=Channel.COPY,
        encryption=Encryption.TLS,
        key=KEY,
        purpose="every image, for the second site in the country",
    )


def _fetched(source: str, region: str) -> DataFlow:
    return DataFlow(
        source=source,
        sink=REGISTRY_END,
        region=region,
        data_class=DataClass.PUBLIC,
        channel=Channel.IMAGE_PULL,
        port=443,
        encryption=Encryption.TLS,
        key=KEY,
        purpose="public images on first use; the source learns their names and nothing else",
    )
