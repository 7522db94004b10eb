"""Why some mutants of ENC controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

IN_ANY_CASE = "Azure reads ids in any case"
ANOTHER_SET = "another set, whose key is judged itself"

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "ENC-001": (
        Excuse(
            each("unknown delete null strange upper cut empty", "bucket"),
            "the program still says which bucket is meant; one of another stack is any",
            of="Bucket BucketServerSideEncryptionConfiguration BucketServerSideEncryptionConfigurationV2 LoadBalancer",
        ),
        Excuse(
            each("unknown offend second", "kmsMasterKeyId"),
            "the keys of S3 have no name",
            ("logs of a load balancer, which writes to no other", "logs of one load balancer, and perhaps of another"),
        ),
        Excuse(
            each("delete null", "loadBalancerType"),
            "a load balancer is one for applications unless it says more",
            "logs of a load balancer, which writes to no other",
        ),
        Excuse(
            (*each("unknown delete null flip", "enabled"), *each("unknown", "loadBalancerType")),
            "the logs of the other load balancer are enough",
            "logs of one load balancer, and perhaps of another",
        ),
    ),
    "ENC-002": (
        Excuse(
            each("unknown offend", "launchTemplate"), "a machine's own word about its disk comes first", "a machine"
        ),
        Excuse(each("delete null", "enabled"), "on unless it says otherwise", "the account's default"),
    ),
    "ENC-006": (
        Excuse(each("upper", "diskEncryptionSetID"), IN_ANY_CASE, of="ManagedCluster StorageClass"),
        Excuse(each("cut", "diskEncryptionSetID"), ANOTHER_SET, of="ManagedCluster StorageClass"),
    ),
    "ENC-007": (
        Excuse(
            each("delete null strange upper cut empty", "kind"),
            "judged as an account with queues and tables",
            "for everything",
        ),
        Excuse(each("strange upper cut", "keyName"), "another key of ours", ("for everything", "for files alone")),
    ),
    "ENC-010": (Excuse(each("cut", "kmsKeyId"), "another key of ours", "a key of ours, by its alias"),),
    "ENC-011": (
        Excuse(
            each("delete null", "encryptionType"),
            "a disk encryption set takes our key unless it says more",
            "a set that follows its key",
        ),
        Excuse(each("upper", "diskEncryptionSetId"), IN_ANY_CASE, ("a disk", "a snapshot, encrypted twice")),
        Excuse(each("cut", "diskEncryptionSetId"), ANOTHER_SET, ("a disk", "a snapshot, encrypted twice")),
    ),
    "ENC-012": (
        Excuse(
            each("strange upper cut", "provisioner"),
            "a driver of neither cloud is taken at its word",
            of="StorageClass",
        ),
        Excuse(
            (
                *each("unknown", "diskEncryptionSetID", "storageAccount", "encrypted", "kmsKeyId"),
                *each("offend", "encrypted", "kmsKeyId"),
            ),
            "the driver does not read it",
            of="StorageClass",
        ),
        Excuse(each("upper", "diskEncryptionSetID"), IN_ANY_CASE, of="ManagedCluster StorageClass"),
        Excuse(each("cut", "diskEncryptionSetID"), ANOTHER_SET, of="ManagedCluster StorageClass"),
        Excuse(
            each("strange upper cut", "storageAccount"),
            "another account, which is judged itself",
            (
                "files of Azure by file.csi.azure.com",
                "files of Azure by blob.csi.azure.com",
                "files of Azure by kubernetes.io/azure-file",
            ),
        ),
    ),
    "ENC-013": (
        Excuse(
            each("unknown", "replicateSourceDb", "replicationSourceIdentifier"),
            "a database with a key needs no source",
            ("RDS", "Aurora"),
        ),
        Excuse(
            each("strange upper cut", "replicateSourceDb", "replicationSourceIdentifier"),
            "another source, which is judged itself",
            ("a copy on RDS", "a copy of Aurora"),
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {}
