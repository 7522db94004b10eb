"""ENC-002: disks of machines are encrypted with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD
from policies.examples.kubernetes import service
from policies.node import Node
from policies.outcomes import Outcome
from policies.ownership.own_keys import OWN_KMS_KEY, is_encrypted, is_own_kms_key
from policies.resources import Resource, resource
from policies.templates import is_given, is_one_of
from policies.values import UNKNOWN

VOLUME = "aws:ebs/volume:Volume"
SNAPSHOT_COPY = "aws:ebs/snapshotCopy:SnapshotCopy"
IMAGE_COPY = "aws:ec2/amiCopy:AmiCopy"
INSTANCE = "aws:ec2/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"
DEFAULT_KEY = "aws:ebs/defaultKmsKey:DefaultKmsKey"
BY_TEMPLATE = "a launch template that encrypts the nodes' disks"

CONTROL = Control(
    id="ENC-002",
    title="Disks of machines are encrypted with a key of our own",
    harm="Models and secrets that a node keeps end on a disk that whoever holds a snapshot of it can read.",
    severity=Severity.HIGH,
    applies_to=Subject(
        tokens=(VOLUME, SNAPSHOT_COPY, IMAGE_COPY, INSTANCE, TEMPLATE, NODE_GROUP, DEFAULT, DEFAULT_KEY), view=as_is
    ),
    reads=(
        *(f"{kind}:{name}" for kind in ("Volume", "SnapshotCopy", "AmiCopy") for name in ("encrypted", "kmsKeyId")),
        "Instance:launchTemplate",
        "Instance:rootBlockDevice.encrypted",
        "Instance:rootBlockDevice.kmsKeyId",
        "Instance:ebsBlockDevices[*].encrypted",
        "Instance:ebsBlockDevices[*].kmsKeyId",
        "LaunchTemplate:blockDeviceMappings[*].ebs.encrypted",
        "LaunchTemplate:blockDeviceMappings[*].ebs.kmsKeyId",
        "NodeGroup:launchTemplate",
        "EncryptionByDefault:enabled",
        "DefaultKmsKey:keyArn",
    ),
    remedy="Say encrypted: true and name your own KMS key on each disk, in the launch template for nodes of a cluster.",
    note=(
        "What an account encrypts by default is not taken as an excuse: it is set elsewhere and may change. So a node "
        "group without a launch template, whose disks nobody describes, is found as well."
    ),
)


@CONTROL.check
def disks_are_encrypted(found: Resource) -> Iterator[Outcome]:
    """Find each disk, or what disks are made from, that is not encrypted with a key of ours."""
    if found.type == TEMPLATE:
        yield from template_encrypts(found.root)
    elif found.type == INSTANCE:
        yield from instance_encrypts(found.root)
    elif found.type == NODE_GROUP:
        yield from is_given(found["launchTemplate"], BY_TEMPLATE)
    elif found.type == DEFAULT:
        yield from is_one_of(found["enabled"], (True, None), "true, or nothing")
    elif found.type == DEFAULT_KEY:
        yield from is_own_kms_key(found["keyArn"])
    else:
        yield from is_encrypted(found.root)


def template_encrypts(template: Node) -> Iterator[Outcome]:
    """Judge every disk of a launch template; a mapping without one is for a disk inside the machine."""
    disks = [disk for disk in template.select("blockDeviceMappings[].ebs") if disk.value is not None]
    if not disks:
        yield template["blockDeviceMappings"].finding("at least one disk, encrypted")
    for disk in disks:
        yield from is_one_of(disk["encrypted"], ("true", True), "true")
        yield from is_own_kms_key(disk["kmsKeyId"])


def instance_encrypts(instance: Node) -> Iterator[Outcome]:
    """Judge every disk of a machine; one that comes from a launch template is described there."""
    template = instance["launchTemplate"]
    if instance["rootBlockDevice"].value is not None or template.value is None:
        yield from is_encrypted(instance["rootBlockDevice"])
    else:
        yield from is_given(template, "a launch template, or a root device that is encrypted")
    for disk in instance["ebsBlockDevices"].items():
        yield from is_encrypted(disk)


ENCRYPTED = {"encrypted": True, "kmsKeyId": KMS_KEY}
FROM_TEMPLATE = {"id": UNKNOWN, "version": "1"}


def template(*disks: object) -> Resource:
    """Make a launch template with these disks and one inside the machine."""
    inside = {"deviceName": "/dev/sdb", "virtualName": "ephemeral0"}
    mappings = [{"deviceName": "/dev/xvda", "ebs": disk} for disk in disks]
    return resource(TEMPLATE, {"name": "cpu", "blockDeviceMappings": [*mappings, inside]})


CONTROL.good("a volume", resource(VOLUME, {**ENCRYPTED, "size": 100}))
CONTROL.good("a copy of a snapshot", resource(SNAPSHOT_COPY, ENCRYPTED))
CONTROL.good("a copy of an image", resource(IMAGE_COPY, ENCRYPTED))
CONTROL.good("a launch template, where a switch is text", template({"encrypted": "true", "kmsKeyId": KMS_KEY}))
CONTROL.good("a launch template with a plain switch", template(ENCRYPTED))
CONTROL.good(
    "a machine", resource(INSTANCE, {"rootBlockDevice": ENCRYPTED, "ebsBlockDevices": [{**ENCRYPTED, "size": 1}]})
)
CONTROL.good("a machine made from a launch template", resource(INSTANCE, {"launchTemplate": FROM_TEMPLATE}))
CONTROL.good("nodes made from a launch template", resource(NODE_GROUP, {"launchTemplate": FROM_TEMPLATE}))
CONTROL.good("the account's default", resource(DEFAULT, {"enabled": True}))
CONTROL.good("the account's default, unsaid", resource(DEFAULT, {}))
CONTROL.good("the account's default key", resource(DEFAULT_KEY, {"keyArn": KMS_KEY}))
CONTROL.bad(
    "a volume in the clear",
    resource(VOLUME, {"size": 100}),
    finding=("encrypted: found nothing, expected true", f"kmsKeyId: found nothing, expected {OWN_KMS_KEY}"),
)
CONTROL.bad(
    "a copy under a key that AWS keeps",
    resource(SNAPSHOT_COPY, {"encrypted": True, "kmsKeyId": KMS_ALIAS_OF_AWS}),
    finding=f"kmsKeyId: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a copy under a key abroad",
    resource(IMAGE_COPY, {"encrypted": True, "kmsKeyId": KMS_KEY_ABROAD}),
    finding=f"kmsKeyId: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a launch template that says no, in text",
    template({"encrypted": "true", "kmsKeyId": KMS_KEY}, {"encrypted": "false", "kmsKeyId": KMS_KEY}),
    finding="blockDeviceMappings[1].ebs.encrypted: found false, expected true",
)
CONTROL.bad(
    "a launch template without a key",
    template({"encrypted": "true"}),
    finding=f"blockDeviceMappings[0].ebs.kmsKeyId: found nothing, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "a launch template that leaves its disk to the image",
    resource(TEMPLATE, {"name": "cpu"}),
    finding="blockDeviceMappings: found nothing, expected at least one disk, encrypted",
)
CONTROL.bad(
    "a machine that leaves its disk to the image",
    resource(INSTANCE, {"ebsBlockDevices": [{"encrypted": False, "kmsKeyId": KMS_KEY}]}),
    finding=(
        "rootBlockDevice.encrypted: found nothing, expected true",
        f"rootBlockDevice.kmsKeyId: found nothing, expected {OWN_KMS_KEY}",
        "ebsBlockDevices[0].encrypted: found false, expected true",
    ),
)
CONTROL.bad(
    "a machine that takes back what its launch template says",
    resource(INSTANCE, {"launchTemplate": FROM_TEMPLATE, "rootBlockDevice": {"encrypted": False, "kmsKeyId": KMS_KEY}}),
    finding="rootBlockDevice.encrypted: found false, expected true",
)
CONTROL.bad(
    "a machine made from an empty template",
    resource(INSTANCE, {"launchTemplate": {}}),
    finding="launchTemplate: found {}, expected a launch template, or a root device that is encrypted",
)
CONTROL.bad(
    "nodes whose disks nobody describes",
    resource(NODE_GROUP, {"diskSize": 100}),
    finding=f"launchTemplate: found nothing, expected {BY_TEMPLATE}",
)
CONTROL.bad(
    "the account's default switched off",
    resource(DEFAULT, {"enabled": False}),
    finding="enabled: found false, expected true, or nothing",
)
CONTROL.bad(
    "the account's default key back to that of AWS",
    resource(DEFAULT_KEY, {"keyArn": KMS_ALIAS_OF_AWS}),
    finding=f"keyArn: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.unknown("a key of another resource", resource(VOLUME, {"encrypted": True, "kmsKeyId": UNKNOWN}), at="kmsKeyId")
CONTROL.unknown(
    "disks listed elsewhere", resource(TEMPLATE, {"blockDeviceMappings": UNKNOWN}), at="blockDeviceMappings"
)
CONTROL.unknown(
    "a machine made from who knows what", resource(INSTANCE, {"launchTemplate": UNKNOWN}), at="launchTemplate"
)
CONTROL.unknown(
    "nodes made from who knows what", resource(NODE_GROUP, {"launchTemplate": UNKNOWN}), at="launchTemplate"
)
CONTROL.not_applicable("a Service has no disk", service())
