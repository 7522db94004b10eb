"""Resource types that hold what cannot be made again: data, keys, logs, or the cluster that all of them live on."""

from __future__ import annotations

from typing import Final

AWS: Final = frozenset(
    {
        "aws:backup/vault:Vault",
        "aws:cloudtrail/trail:Trail",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:dynamodb/table:Table",
        "aws:ebs/volume:Volume",
        "aws:ecr/repository:Repository",
        "aws:efs/fileSystem:FileSystem",
        "aws:eks/cluster:Cluster",
        "aws:kms/key:Key",
        "aws:rds/instance:Instance",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
        "aws:sqs/queue:Queue",
    }
)
AZURE: Final = frozenset(
    {
        "azure-native:compute:Disk",
        "azure-native:compute:DiskEncryptionSet",
        "azure-native:containerregistry:Registry",
        "azure-native:containerservice:ManagedCluster",
        "azure-native:dataprotection:BackupVault",
        "azure-native:keyvault:Key",
        "azure-native:keyvault:ManagedHsm",
        "azure-native:keyvault:Secret",
        "azure-native:keyvault:Vault",
        "azure-native:operationalinsights:Workspace",
        "azure-native:recoveryservices:Vault",
        "azure-native:storage:BlobContainer",
        "azure-native:storage:StorageAccount",
    }
)
KUBERNETES: Final = frozenset(
    {
        "kubernetes:apps/v1:StatefulSet",
        "kubernetes:core/v1:PersistentVolume",
        "kubernetes:core/v1:PersistentVolumeClaim",
    }
)
GROUPS: Final = frozenset({"azure-native:resources:ResourceGroup"})
"""What holds everything else: with it goes all that lies in it."""

STATEFUL: Final = AWS | AZURE | KUBERNETES | GROUPS
"""Every type whose loss is a loss of data; a replacement of one is a deletion of what it held."""
