"""What moves into and out of the model store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.model_store.spec import ModelStoreSpec

STORE_END = "model-store"
KEY = "model_store"
"""Purpose of the key, as the key ring calls it."""


def model_store_flows(spec: ModelStoreSpec) -> tuple[DataFlow, ...]:
    """Return every flow: files in, files out, who asked for them, and the pair's copy."""
    flow = partial(
        DataFlow,
        region=spec.placement.region,
        data_class=DataClass.INTERNAL,
        channel=Channel.OBJECT,
        encryption=Encryption.TLS,
        key=KEY,
    )
    return (
        flow(source="model-publishers", sink=STORE_END, port=443, purpose="model files, each version once"),
        flow(source=STORE_END, sink="nodes", port=443, purpose="model files that no image carries"),
        flow(
            source=STORE_END,
            sink="audit-trail",
            data_class=DataClass.OPERATIONAL,
            channel=Channel.LOG,
            key="audit",
            purpose="who read or wrote which model file",
        ),
        *_to_the_pair(spec),
    )


def _to_the_pair(spec: ModelStoreSpec) -> tuple[DataFlow, ...]:
    if not spec.copy_to_pair or spec.pair_in_country is None:
        return ()
    return (
        DataFlow(
            source=STORE_END,
            sink=f"{STORE_END}-{spec.pair_in_country}",
            region=spec.pair_in_country,
            data_class=DataClass.INTERNAL,
            channel=Channel.COPY,
            encryption=Encryption.TLS,
            key=KEY,
            purpose="every model file, kept in step by Azure in the paired region",
        ),
    )
