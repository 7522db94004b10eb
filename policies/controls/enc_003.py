"""ENC-003: shared file systems are encrypted with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD
from policies.examples.kubernetes import service
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_encrypted, is_own_kms_key
from policies.resources import Resource, resource
from policies.values import UNKNOWN

ELASTIC = "aws:efs/fileSystem:FileSystem"
LUSTRE = "aws:fsx/lustreFileSystem:LustreFileSystem"
ALWAYS_ENCRYPTED = (
    LUSTRE,
    "aws:fsx/ontapFileSystem:OntapFileSystem",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
    "aws:fsx/windowsFileSystem:WindowsFileSystem",
    "aws:fsx/fileCache:FileCache",
)
"""FSx encrypts whatever it keeps; only whose key it takes is open."""

CONTROL = Control(
    id="ENC-003",
    title="Shared file systems are encrypted with a key of our own",
    harm="A model repository that many pods share is read whole by whoever gets at one copy of it.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(ELASTIC, *ALWAYS_ENCRYPTED), view=as_is),
    reads=("FileSystem:encrypted", *(f"{token.rpartition(':')[2]}:kmsKeyId" for token in (ELASTIC, *ALWAYS_ENCRYPTED))),
    remedy="Set encrypted on EFS, and kmsKeyId to the ARN of your own key on EFS and FSx, when it is first made.",
    note="Every kind of FSx counts. A scratch file system of Lustre takes no key of ours: a persistent one does.",
)


@CONTROL.check
def file_system_is_encrypted(found: Resource) -> Iterator[Outcome]:
    """Find a file system in the clear, or under a key that is not ours."""
    if found.type == ELASTIC:
        yield from is_encrypted(found.root)
    else:
        yield from is_own_kms_key(found["kmsKeyId"])


CONTROL.good("EFS", resource(ELASTIC, {"encrypted": True, "kmsKeyId": KMS_KEY}))
for token in ALWAYS_ENCRYPTED:
    CONTROL.good(f"FSx, {token.rpartition(':')[2]}", resource(token, {"kmsKeyId": KMS_KEY}))
CONTROL.bad(
    "EFS in the clear",
    resource(ELASTIC, {}),
    finding=("encrypted: found nothing, expected true", f"kmsKeyId: found nothing, expected {OWN_KMS_KEY}"),
)
CONTROL.bad(
    "EFS under a key that AWS keeps",
    resource(ELASTIC, {"encrypted": True, "kmsKeyId": KMS_ALIAS_OF_AWS}),
    finding=f"kmsKeyId: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a scratch file system",
    resource(LUSTRE, {"deploymentType": "SCRATCH_2", "storageCapacity": 1200}),
    finding=f"kmsKeyId: found nothing, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "FSx under a key abroad",
    resource(LUSTRE, {"deploymentType": "PERSISTENT_2", "kmsKeyId": KMS_KEY_ABROAD}),
    finding=f"kmsKeyId: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.unknown("a key of another resource", resource(ELASTIC, {"encrypted": True, "kmsKeyId": UNKNOWN}), at="kmsKeyId")
CONTROL.unknown("FSx, a key of another resource", resource(LUSTRE, {"kmsKeyId": UNKNOWN}), at="kmsKeyId")
CONTROL.not_applicable("a Service keeps no files", service())
