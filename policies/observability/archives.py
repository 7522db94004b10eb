"""Archives: the buckets and storage accounts that keep logs, told by who writes to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from policies.joins import Companions, companions
from policies.resources import Plan, Resource

BUCKETS: Final = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
ACCOUNT: Final = "azure-native:storage:StorageAccount"
NAMES: Final = {**dict.fromkeys(BUCKETS, "bucket"), ACCOUNT: "accountName"}
"""What says the name of each kind of store, which no two in the world share."""

TRAIL: Final = "aws:cloudtrail/trail:Trail"
SETTING: Final = "azure-native:monitor:DiagnosticSetting"
SUBSCRIPTION_SETTING: Final = "azure-native:monitor:SubscriptionDiagnosticSetting"
SETTINGS: Final = (SETTING, SUBSCRIPTION_SETTING)
AUDIT: Final[Mapping[str, str]] = {
    TRAIL: "s3BucketName",
    SETTING: "storageAccountId",
    SUBSCRIPTION_SETTING: "storageAccountId",
}
"""What writes audit logs, and how it names their store."""
LOGS: Final[Mapping[str, str]] = {
    **AUDIT,
    "aws:ec2/flowLog:FlowLog": "logDestination",
    "azure-native:network:FlowLog": "storageId",
}
"""What writes logs of any kind."""


def reads_of_writers(kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is read to tell archives, as a control declares it."""
    return (
        *(f"{token}:{name}" for token, name in kinds.items()),
        *(f"{token}:{name}" for token, name in NAMES.items()),
    )


def writers(store: Resource, plan: Plan, kinds: Mapping[str, str]) -> Companions:
    """Find what writes logs to a store."""
    answers = [(each, _writes_to(each, name, store)) for token, name in kinds.items() for each in plan.of_type(token)]
    return Companions(
        tuple(each for each, answer in answers if answer is True),
        tuple(each for each, answer in answers if answer is None),
    )


def beside(bucket: Resource, plan: Plan, tokens: Sequence[str]) -> Companions:
    """Find what is said of a bucket by resources of any of the types."""
    found = [companions(bucket, plan, token, "bucket") for token in tokens]
    return Companions(
        tuple(each for part in found for each in part.certain), tuple(each for part in found for each in part.undecided)
    )


def _writes_to(writer: Resource, name: str, store: Resource) -> bool | None:
    origins = writer.property_dependencies.get(name, ())
    target, own = writer[name], store[NAMES[store.type]]
    if store.urn in origins:
        return True
    if not target.known:
        return False if origins else None
    if target.value is None:
        return False
    if not isinstance(own.value, str):
        # The provider makes the name up, or another resource does.
        return False if origins else None
    return own.value.casefold() in re.split("[/:]", str(target.value).casefold())
