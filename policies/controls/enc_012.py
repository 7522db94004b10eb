"""ENC-012: volumes of pods are encrypted, in a cloud with a key of our own."""

from __future__ import annotations

from collections.abc import Iterator

from policies.control import Control, Severity, Subject, as_is
from policies.examples.encryption import DISK_KEY, KMS_ALIAS_OF_AWS, KMS_KEY, KMS_KEY_ABROAD
from policies.examples.kubernetes import metadata, service
from policies.node import Node
from policies.outcomes import NotApplicable, Outcome
from policies.ownership.own_keys import OWN_DISK_KEY, OWN_KMS_KEY, is_own_disk_key, is_own_kms_key
from policies.resources import Resource, resource
from policies.templates import is_one_of, is_set
from policies.values import UNKNOWN

CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
BETA_CLASS = "kubernetes:storage.k8s.io/v1beta1:StorageClass"
AWS_DISKS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")
AWS_LUSTRE = ("fsx.csi.aws.com",)
AZURE_DISKS = ("disk.csi.azure.com", "kubernetes.io/azure-disk")
AZURE_FILES = ("file.csi.azure.com", "blob.csi.azure.com", "kubernetes.io/azure-file")
MAKE_NO_DISK = {
    "efs.csi.aws.com": "its volumes are folders of a file system that is judged itself",
    "kubernetes.io/no-provisioner": "it makes no volume",
    "rancher.io/local-path": "its volumes are folders on the disk of the node",
}

CONTROL = Control(
    id="ENC-012",
    title="Volumes of pods are encrypted, in a cloud with a key of our own",
    harm="What a model keeps on a volume outlives the pod, on a disk that whoever holds a snapshot of it can read.",
    severity=Severity.HIGH,
    applies_to=Subject(tokens=(CLASS, BETA_CLASS), view=as_is),
    reads=(
        "provisioner",
        *(f"parameters.{name}" for name in ("encrypted", "kmsKeyId", "diskEncryptionSetID", "storageAccount")),
    ),
    remedy=(
        'Add the parameters encrypted: "true" and kmsKeyId for disks of AWS, diskEncryptionSetID for disks of Azure, '
        "storageAccount for files of Azure."
    ),
    not_at_the_door=(
        "A storage class lies in no namespace, and those that a cloud's own add-ons bring would be refused too."
    ),
    note=(
        "Files of Azure lie in a storage account that the driver makes without our key, unless it is given one. A "
        'provisioner of neither cloud, such as Ceph or Longhorn, has to say encrypted: "true", as both read it. '
        "The parameters of a class can't be patched."
    ),
)


@CONTROL.check
def volumes_are_encrypted(found: Resource) -> Iterator[Outcome]:
    """Find a storage class whose volumes are in the clear, or in a cloud without a key of ours."""
    provisioner = found["provisioner"]
    if not provisioner.known:
        yield provisioner.undecided
    elif reason := next((MAKE_NO_DISK[name] for name in MAKE_NO_DISK if name == provisioner.value), None):
        yield NotApplicable(reason)
    else:
        yield from is_set(provisioner, "the driver that makes the volumes")
        yield from asks_for_encryption(provisioner.value, found["parameters"])


def asks_for_encryption(provisioner: object, parameters: Node) -> Iterator[Outcome]:
    """Judge the parameters by what the driver makes of them."""
    if provisioner in AZURE_DISKS:
        yield from is_own_disk_key(parameters["diskEncryptionSetID"])
    elif provisioner in AZURE_FILES:
        yield from is_set(parameters["storageAccount"], "a storage account of our own")
    elif provisioner in AWS_LUSTRE:
        yield from is_own_kms_key(parameters["kmsKeyId"])
    else:
        yield from is_one_of(parameters["encrypted"], ("true",), '"true"')
        if provisioner in AWS_DISKS:
            yield from is_own_kms_key(parameters["kmsKeyId"])


def storage_class(provisioner: object, **parameters: object) -> Resource:
    """Make a storage class."""
    return resource(CLASS, {"metadata": metadata(), "provisioner": provisioner, "parameters": parameters})


for driver in AWS_DISKS:
    CONTROL.good(f"disks of AWS by {driver}", storage_class(driver, encrypted="true", kmsKeyId=KMS_KEY, type="gp3"))
CONTROL.good("Lustre of AWS", storage_class(AWS_LUSTRE[0], kmsKeyId=KMS_KEY))
for driver in AZURE_DISKS:
    CONTROL.good(f"disks of Azure by {driver}", storage_class(driver, diskEncryptionSetID=DISK_KEY))
for driver in AZURE_FILES:
    CONTROL.good(f"files of Azure by {driver}", storage_class(driver, storageAccount="acmemodels"))
CONTROL.good("disks of one's own", storage_class("driver.longhorn.io", encrypted="true"))
CONTROL.bad(
    "nothing said for disks of AWS",
    resource(BETA_CLASS, {"metadata": metadata(), "provisioner": AWS_DISKS[0]}),
    finding=(
        'parameters.encrypted: found nothing, expected "true"',
        f"parameters.kmsKeyId: found nothing, expected {OWN_KMS_KEY}",
    ),
)
CONTROL.bad(
    "a plain switch, which the driver does not read",
    storage_class(AWS_DISKS[0], encrypted=True, kmsKeyId=KMS_KEY),
    finding='parameters.encrypted: found true, expected "true"',
)
CONTROL.bad(
    "a key that AWS keeps",
    storage_class(AWS_DISKS[1], encrypted="true", kmsKeyId=KMS_ALIAS_OF_AWS),
    finding=f"parameters.kmsKeyId: found {KMS_ALIAS_OF_AWS}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "Lustre under a key abroad",
    storage_class(AWS_LUSTRE[0], kmsKeyId=KMS_KEY_ABROAD),
    finding=f"parameters.kmsKeyId: found {KMS_KEY_ABROAD}, expected {OWN_KMS_KEY}",
)
CONTROL.bad(
    "nothing said for disks of Azure",
    storage_class(AZURE_DISKS[0], skuName="Premium_LRS"),
    finding=f"parameters.diskEncryptionSetID: found nothing, expected {OWN_DISK_KEY}",
)
CONTROL.bad(
    "files of Azure in an account of the driver's",
    storage_class(AZURE_FILES[0]),
    finding="parameters.storageAccount: found nothing, expected a storage account of our own",
)
CONTROL.bad(
    "disks of one's own in the clear",
    storage_class("driver.longhorn.io", encrypted="false"),
    finding='parameters.encrypted: found false, expected "true"',
)
CONTROL.bad(
    "no driver",
    storage_class(None, encrypted="true"),
    finding="provisioner: found nothing, expected the driver that makes the volumes",
)
CONTROL.unknown(
    "a key of another resource",
    storage_class(AWS_DISKS[0], encrypted="true", kmsKeyId=UNKNOWN),
    at="parameters.kmsKeyId",
)
CONTROL.unknown("a driver named elsewhere", storage_class(UNKNOWN, diskEncryptionSetID=DISK_KEY), at="provisioner")
for driver in MAKE_NO_DISK:
    CONTROL.not_applicable(f"made by {driver}", storage_class(driver))
CONTROL.not_applicable("a Service has no volume", service())
