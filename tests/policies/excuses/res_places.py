"""Why some mutants of RES controls survive that judge where a resource itself lies, and its copies."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

ANY_NAME = "any name will do"
LOCATION_NAMES = (
    *("name", "locationName", "region", "computeLocation", "replicationRegions"),
    *("privateLinkResourceRegion", "resourceRegion", "targetLocation", "workspaceRegion"),
)
REPLICA_ARNS = (
    *("globalTableArn", "sourceDbInstanceArn", "sourceArn", "targetArn", "clusters"),
    *("mskClusterArn", "dataReplicationPrimaryBrokerArn"),
)
REPLICA_LOCATIONS = (
    *("locationName", "sourceBackupLocation", "dataCenterLocation", "dataRegions", "sourceLocation"),
    *("linkedRedisCacheLocation", "remoteVolumeRegion"),
)
REPLICAS = (
    *("globalClusterIdentifier", "globalReplicationGroupId", "multiRegionClusterName", "globalTableWitness"),
    *("replicationSourceIdentifier", "replicateSourceDb", "sourceRegion", "destinationRegion", "witnessRegion"),
    *("consumerRegion", "sourceArn", "targetArn", "mskClusterArn", "dataReplicationPrimaryBrokerArn"),
    *("sourceBackupLocation", "dataCenterLocation", "sourceLocation", "remoteVolumeRegion", "regionName"),
    "replicationSpecification",
)

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "RES-001": (
        Excuse(
            each("delete null", "stsRegion", "peerRegion", "serviceRegion", "supportedRegions", "regions")
            + each("delete null", "stackSetInstanceRegion", "snsRegion"),
            "without it, AWS takes the region of the resource",
            of="*",
        ),
        Excuse(
            each("unknown", "endpoints", "serviceName"),
            "a text that names no region yet; the update judges it",
            of="VpcEndpoint aws",
        ),
        Excuse(
            each("delete null", "region"),
            "AWS refuses an endpoint that names no second region",
            "details.routesDetails.region of MultiRegionEndpoint at home",
        ),
        Excuse(
            each("delete null empty offend", "region"),
            "without replicas there is nothing but the region of its provider",
            "region[].name of ReplicationSet at home",
        ),
        Excuse(
            each("delete null", "name"),
            "AWS refuses a replica without the name of its region",
            ("region[].name of ReplicationSet at home", "regions[].name of ReplicationSet at home"),
        ),
    ),
    "RES-002": (
        Excuse(
            each("delete null", "location"),
            "the provider writes the location into every type that has one before it is judged",
            of="*",
        ),
        Excuse(each("upper", "location", *LOCATION_NAMES), "Azure reads UAE CENTRAL as UAE Central", of="*"),
        Excuse(each("delete null", *LOCATION_NAMES), "what names no other location is nowhere else", of="*"),
        Excuse(each("delete null", "environment"), "the public cloud is the provider's default", "a provider at home"),
    ),
    "RES-003": (
        Excuse(
            each("delete null abroad strange upper cut empty", "location"),
            "only a region that is opened on request is its business; RES-002 judges all others",
            of="StorageAccount Vault",
        ),
        Excuse(each("unknown offend", "location"), "let in", "an environment that was let in"),
        Excuse(each("unknown offend", "location"), "let in", "a stack of another kind that was let in"),
    ),
    "RES-004": (
        Excuse(
            each("delete null", "bucket"), "AWS refuses a copy to nowhere", of="Bucket BucketReplicationConfig BucketV2"
        ),
        Excuse(
            each("upper empty", "bucket"),
            "no bucket has capital letters, or no name",
            of="Bucket BucketReplicationConfig BucketV2",
        ),
        Excuse(
            each("unknown strange cut", "bucket"),
            "it was made from the other bucket, whatever that is called",
            "to a bucket of the stack that has no ARN yet",
        ),
        *(
            Excuse(
                each("unknown", "bucket", "region"), "how the source is called and where it lies is not asked", label
            )
            for label in ("Bucket that AWS has not made yet", "Bucket that copies to one of the stack")
        ),
        Excuse(
            each("delete null offend", "region"),
            "where a bucket lies by its provider, and where the source lies, RES-001 judges",
            of="Bucket",
        ),
        Excuse(
            each("strange cut empty", "name"),
            "a stack that is named alone is one of the same project",
            "to a bucket of the environment's stack",
        ),
        Excuse(
            each("unknown offend", "accelerationStatus"),
            "what the other bucket says of itself is judged there; what a program left out is known afterwards",
            of="Bucket BucketV2",
        ),
        Excuse(
            each("delete null", "accelerationStatus", "status"),
            "S3 does not accelerate until told",
            of="Bucket BucketAccelerateConfiguration BucketAccelerateConfigurationV2 BucketV2",
        ),
        Excuse(
            each("empty", "status"),
            "S3 does not accelerate until told",
            (
                "BucketAccelerateConfiguration that is switched off",
                "BucketAccelerateConfigurationV2 that is switched off",
            ),
        ),
        Excuse(
            each("cut", "destinationTableBucketArn"),
            "another bucket of the same region",
            ("TableBucketReplication at home", "TableReplication at home"),
        ),
    ),
    "RES-006": (
        Excuse(
            each("delete null", "multiRegion"),
            "a key belongs to one region unless told otherwise",
            ("Key of one region", "ExternalKey of one region"),
        ),
    ),
    "RES-007": (
        Excuse(
            each("delete null", "s3Region"),
            "without it, outputs stay in the region of the association",
            "Association at home",
        ),
    ),
    "RES-008": (
        Excuse(
            each("cut", "destinationVaultArn", "targetLogicallyAirGappedBackupVaultArn"),
            "another vault at home",
            ("destinationVaultArn at home", "targetLogicallyAirGappedBackupVaultArn at home"),
        ),
        Excuse(
            each("cut", "target"),
            "another outpost at home",
            (
                "policyDetails.schedules[].crossRegionCopyRules[].target on an outpost at home",
                "policyDetails.action.crossRegionCopies[].target on an outpost at home",
            ),
        ),
        Excuse(
            each("delete null", "target", "targetRegion", "targetLogicallyAirGappedBackupVaultArn"),
            "what names no place to copy to is copied nowhere",
            of="LifecyclePolicy Plan",
        ),
        Excuse(
            each("unknown", "targetLogicallyAirGappedBackupVaultArn"),
            "made by the vault of the stack as well",
            "destinationVaultArn of the stack, not made yet",
        ),
    ),
    "RES-009": (
        Excuse(
            each("delete null", *REPLICAS) + each("delete", "clusters", "dataRegions", "regionLists"),
            "what names no other place has no replica there",
            of="*",
        ),
        Excuse(each("cut", *REPLICA_ARNS), "another one of the region that the ARN names", of="*"),
        Excuse(
            each("strange upper cut empty", "replicateSourceDb", "replicationSourceIdentifier"),
            "a plain name is one of the same region; AWS refuses a name that is none",
            of="Cluster Instance",
        ),
        Excuse(
            each("unknown", "globalTableWitness", "globalReplicationGroupId", "replicationSpecification"),
            "the provider tells afterwards what the program left out",
            of="Keyspace ReplicationGroup Table",
        ),
        Excuse(each("upper", *REPLICA_LOCATIONS), "Azure reads UAE CENTRAL as UAE Central", of="*"),
        Excuse(
            each("unknown delete null abroad strange upper cut empty", "location"),
            "where the database itself lies RES-002 judges; only the pair of a location counts here",
            of="DatabaseAccount InstanceFailoverGroup Server ServerGroupCluster",
        ),
        Excuse(
            each("delete null", "geoRedundantBackup", "enableGeoBackup"),
            "backups stay here unless told otherwise",
            of="Server ServerGroupCluster",
        ),
        Excuse(
            each("unknown offend", "availabilityZoneName"),
            "AWS refuses a zone outside the region beside it",
            "files copied to a region at home",
        ),
        Excuse(
            each("cut", "availabilityZoneName"),
            "AWS refuses a zone without its letter",
            "files copied to a zone at home",
        ),
    ),
}
