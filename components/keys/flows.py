"""What moves into and out of a key ring: data keys to be wrapped, and copies of the keys themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from components.keys.spec import Purpose
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.keys.spec import KeyRingSpec

KEYS_END = "keys"
USERS: Mapping[Purpose, tuple[str, str]] = {
    Purpose.CLUSTER_SECRETS: ("kubernetes-api", "kubernetes-api"),
    Purpose.NODE_DISKS: ("aws/ec2", "azure/disks"),
    Purpose.REGISTRY: ("registry", "registry"),
    Purpose.MODEL_STORE: ("model-store", "model-store"),
    Purpose.LOGS: ("logs", "logs"),
    Purpose.AUDIT: ("audit-trail", "audit-trail"),
    Purpose.BACKUP: ("backup", "backup"),
    Purpose.TENANT: ("model-store", "model-store"),
}
"""Who has its data keys wrapped and opened, on AWS and on Azure."""


def aws_key_flows(spec: KeyRingSpec) -> tuple[DataFlow, ...]:
    """Return the flows of keys in KMS. Keys have one region, so none of them is copied."""
    return _wrapped(spec, 0)


def azure_key_flows(spec: KeyRingSpec) -> tuple[DataFlow, ...]:
    """Return the flows of keys in Key Vault, which Azure copies to the paired region on its own."""
    pair = spec.region.paired_region
    if pair is None:
        return _wrapped(spec, 1)
    copy = DataFlow(
        source=KEYS_END,
        sink="azure/key-vault",
        data_class=DataClass.INTERNAL,
        region=pair,
        channel=Channel.COPY,
        encryption=Encryption.TLS,
        purpose="the vault's content, copied by Azure to the paired region; nothing turns that off",
    )
    return (*_wrapped(spec, 1), copy)


def _wrapped(spec: KeyRingSpec, provider: int) -> tuple[DataFlow, ...]:
    flow = partial(
        DataFlow,
        sink=KEYS_END,
        data_class=DataClass.INTERNAL,
        region=spec.placement.region,
        channel=Channel.HTTPS,
        port=443,
        encryption=Encryption.TLS,
    )
    return tuple(
        flow(source=USERS[purpose][provider], key=purpose.value, purpose="data keys, to be wrapped and opened")
        for purpose in spec.purposes
    )
