"""ENC-011: managed disks take keys of our own, always the latest version."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import DISK_KEY, VAULT_KEY
from policies.examples.kubernetes import service, without_none
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_DISK_KEY, OWN_VAULT_KEY, is_own_disk_key, is_own_vault_key
from policies.resources import Resource, resource
from policies.templates import is_one_of, is_true
from policies.values import UNKNOWN

SET = "azure-native:compute:DiskEncryptionSet"
DISK = "azure-native:compute:Disk"
SNAPSHOT = "azure-native:compute:Snapshot"
OWN, TWICE = "EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformAndCustomerKeys"
CONFIDENTIAL = "ConfidentialVmEncryptedWithCustomerKey"

CONTROL = Control(
    id="ENC-011",
    title="Managed disks take keys of our own, always the latest version",
    harm="A disk under Microsoft's key can't be closed, and one that stays with an old version makes rotation a rite.",
    severity=Severity.MEDIUM,
    applies_to=Subject(tokens=(SET, DISK, SNAPSHOT), view=as_is),
    reads=(
        "DiskEncryptionSet:activeKey.keyUrl",
        "DiskEncryptionSet:encryptionType",
        "DiskEncryptionSet:rotationToLatestKeyVersionEnabled",
        *(f"{kind}:encryption.{name}" for kind in ("Disk", "Snapshot") for name in ("type", "diskEncryptionSetId")),
    ),
    remedy=(
        "Set rotationToLatestKeyVersionEnabled on the disk encryption set, and encryption with that set on each disk."
    ),
    note="Snapshots count as disks. Without a word about it a disk encryption set takes our key alone, which is fine.",
)


@CONTROL.check
def takes_own_key(found: Resource) -> Iterator[Outcome]:
    """Find a disk without a key of ours, and a set of disks that does not follow its key."""
    if found.type == SET:
        yield from is_own_vault_key(found["activeKey"]["keyUrl"])
        yield from is_one_of(found["encryptionType"], (OWN, TWICE, CONFIDENTIAL, None), f"{OWN} or {TWICE}")
        yield from is_true(found["rotationToLatestKeyVersionEnabled"])
    else:
        yield from is_one_of(found["encryption"]["type"], (OWN, TWICE))
        yield from is_own_disk_key(found["encryption"]["diskEncryptionSetId"])


def encryption_set(**properties: object) -> Resource:
    """Make a disk encryption set that follows its key."""
    following = {"activeKey": {"keyUrl": VAULT_KEY}, "rotationToLatestKeyVersionEnabled": True}
    return resource(SET, without_none(following | properties))


def disk(token: str = DISK, **encryption: object) -> Resource:
    """Make a disk, or a snapshot, with an encryption."""
    return resource(token, {"encryption": {"type": OWN, "diskEncryptionSetId": DISK_KEY} | encryption})


CONTROL.good("a set that follows its key", encryption_set(encryptionType=OWN))
CONTROL.good("a set for both keys, in a few words", encryption_set())
CONTROL.good("a disk", disk())
CONTROL.good("a snapshot, encrypted twice", disk(SNAPSHOT, type=TWICE))
CONTROL.bad(
    "a set that stays with an old version",
    encryption_set(rotationToLatestKeyVersionEnabled=None),
    finding="rotationToLatestKeyVersionEnabled: found nothing, expected true",
)
CONTROL.bad(
    "a set of another type, without a key, switched off",
    encryption_set(
        activeKey=None, encryptionType="EncryptionAtRestWithPlatformKey", rotationToLatestKeyVersionEnabled=False
    ),
    finding=(
        f"activeKey.keyUrl: found nothing, expected {OWN_VAULT_KEY}",
        f"encryptionType: found EncryptionAtRestWithPlatformKey, expected {OWN} or {TWICE}",
        "rotationToLatestKeyVersionEnabled: found false, expected true",
    ),
)
CONTROL.bad(
    "a disk of which nothing is said",
    resource(DISK, {"diskSizeGB": 128}),
    finding=(
        f"encryption.type: found nothing, expected {OWN} or {TWICE}",
        f"encryption.diskEncryptionSetId: found nothing, expected {OWN_DISK_KEY}",
    ),
)
CONTROL.bad(
    "a snapshot under Microsoft's key",
    disk(SNAPSHOT, type="EncryptionAtRestWithPlatformKey"),
    finding=f"encryption.type: found EncryptionAtRestWithPlatformKey, expected {OWN} or {TWICE}",
)
CONTROL.unknown("a key of another resource", encryption_set(activeKey={"keyUrl": UNKNOWN}), at="activeKey.keyUrl")
CONTROL.unknown("a set of another resource", disk(diskEncryptionSetId=UNKNOWN), at="encryption.diskEncryptionSetId")
CONTROL.not_applicable("a Service has no disk", service())
