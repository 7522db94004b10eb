"""Why some mutants of RES controls survive."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

JUDGED_BY_SUP_001 = "the image only tells whether ONNX Runtime is inside; SUP-001 judges it"
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
NO_NAME = "nothing can be made under an empty name"
NOT_HERE = "what it would say is judged on the resource itself, or is none of this control's"
OTHER_SPELLING = "Azure reads names and locations in any case"
UNSET_IS_SAFE = "without it the provider does what is right"
NOTHING_SENT = "nothing is sent there, or it goes to the resource's own region"
SINK_ADDRESSES = (
    *("url", "hecEndpoint", "accountUrl"),
    *("clusterEndpoint", "clusterJdbcurl", "collectionEndpoint"),
)
SINK_IDS = (
    *("workspaceId", "workspaceResourceId", "logAnalyticsWorkspaceResourceID", "azureMonitorWorkspaceResourceId"),
    *("accountResourceId", "storageAccountId", "storageAccountIds", "storageAccountResourceId", "storageId"),
    *("eventHubAuthorizationRuleId", "eventHubResourceId", "serviceBusRuleId", "resourceId"),
    *("firehoseArn", "bucketArn", "destinationArn", "targetArn", "logDestination", "sinkIdentifier"),
)
SINK_NAMES = ("workspaceName", "accountName", "bucket")

RESOURCES: dict[str, tuple[Excuse, ...]] = {
    "RES-001": (
        Excuse(
            each("delete null", "stsRegion", "peerRegion", "serviceRegion", "supportedRegions", "regions")
            + each("delete null", "stackSetInstanceRegion", "snsRegion"),
            "without it, AWS takes the region of the resource",
        ),
        Excuse(
            each("unknown", "endpoints", "serviceName"),
            "a text that names no region yet; the update judges it",
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
        Excuse(each("delete null", "name"), "AWS refuses a replica without the name of its region"),
    ),
    "RES-002": (
        Excuse(
            each("delete null", "location"),
            "the provider writes the location into every type that has one before it is judged",
        ),
        Excuse(
            each("upper", "location", *LOCATION_NAMES),
            "Azure reads UAE CENTRAL as UAE Central",
        ),
        Excuse(each("delete null", *LOCATION_NAMES), "what names no other location is nowhere else"),
        Excuse(each("delete null", "environment"), "the public cloud is the provider's default"),
    ),
    "RES-003": (
        Excuse(
            each("delete null abroad strange upper cut empty", "location"),
            "only a region that is opened on request is its business; RES-002 judges all others",
        ),
        Excuse(each("unknown offend", "location"), "let in", "an environment that was let in"),
        Excuse(each("unknown offend", "location"), "let in", "a stack of another kind that was let in"),
    ),
    "RES-004": (
        Excuse(each("delete null", "bucket"), "AWS refuses a copy to nowhere"),
        Excuse(each("upper empty", "bucket"), "no bucket has capital letters, or no name"),
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
        ),
        Excuse(
            each("strange cut empty", "name"),
            "a stack that is named alone is one of the same project",
            "to a bucket of the environment's stack",
        ),
        Excuse(
            each("unknown offend", "accelerationStatus"),
            "what the other bucket says of itself is judged there; what a program left out is known afterwards",
        ),
        Excuse(each("delete null", "accelerationStatus", "status"), "S3 does not accelerate until told"),
        Excuse(each("empty", "status"), "S3 does not accelerate until told"),
        Excuse(each("cut", "destinationTableBucketArn"), "another bucket of the same region"),
    ),
    "RES-006": (Excuse(each("delete null", "multiRegion"), "a key belongs to one region unless told otherwise"),),
    "RES-007": (Excuse(each("delete null", "s3Region"), "without it, outputs stay in the region of the association"),),
    "RES-008": (
        Excuse(each("cut", "destinationVaultArn", "targetLogicallyAirGappedBackupVaultArn"), "another vault at home"),
        Excuse(each("cut", "target"), "another outpost at home"),
        Excuse(
            each("delete null", "target", "targetRegion", "targetLogicallyAirGappedBackupVaultArn"),
            "what names no place to copy to is copied nowhere",
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
        ),
        Excuse(each("cut", *REPLICA_ARNS), "another one of the region that the ARN names"),
        Excuse(
            each("strange upper cut empty", "replicateSourceDb", "replicationSourceIdentifier"),
            "a plain name is one of the same region; AWS refuses a name that is none",
        ),
        Excuse(
            each("unknown", "globalTableWitness", "globalReplicationGroupId", "replicationSpecification"),
            "the provider tells afterwards what the program left out",
        ),
        Excuse(each("upper", *REPLICA_LOCATIONS), "Azure reads UAE CENTRAL as UAE Central"),
        Excuse(
            each("unknown delete null abroad strange upper cut empty", "location"),
            "where the database itself lies RES-002 judges; only the pair of a location counts here",
        ),
        Excuse(each("delete null", "geoRedundantBackup", "enableGeoBackup"), "backups stay here unless told otherwise"),
        Excuse(
            each("unknown offend", "availabilityZoneName"),
            "AWS refuses a zone outside the region beside it",
            "files copied to a region at home",
        ),
        Excuse(each("cut", "availabilityZoneName"), "AWS refuses a zone without its letter"),
    ),
    "RES-019": (
        Excuse(each("delete null empty upper cut strange", "image"), JUDGED_BY_SUP_001),
        Excuse(
            each("unknown offend second", "env"),
            "a container without ONNX Runtime needs no switch",
            "switched off in every container, beside one without the runtime",
        ),
    ),
    "RES-023": (Excuse(each("upper cut", "server"), ANY_NAME, "an ACME authority in the cluster"),),
    "RES-021": (
        Excuse(
            each("offend second", "encryption"),
            "what is too little for one flow is enough for another",
            "inside the cluster's own network",
        ),
        Excuse(each("upper cut strange", "source", "sink"), ANY_NAME),
        Excuse(
            each("unknown delete null upper cut empty offend second strange", "region"),
            "a global service has no region of its own; the catalog judges it by its key",
            "names of roles, to the one control plane that IAM has",
        ),
        Excuse(
            each("offend second", "region"),
            "onshore, for a company that is in no free zone",
            "a cluster of the operator's own, inside the UAE",
        ),
    ),
    "RES-022": (
        Excuse(
            each("delete null strange upper cut empty unknown", "channel", "source", "sink", "data_class"),
            "RES-021 judges every word of a flow, and what it doesn't know stays unknown there",
        ),
        Excuse(each("offend second", "data_class"), "less flows into the store, or out of another"),
    ),
    "RES-011": (
        Excuse(each("delete null", "endpointLocation", "tier"), UNSET_IS_SAFE),
        Excuse(each("upper", "endpointLocation"), OTHER_SPELLING),
    ),
    "RES-012": (
        Excuse(each("empty", "accountName", "name"), NO_NAME),
        Excuse(
            each("unknown", "accountName", "name", "location", "allowCrossTenantReplication")
            + each("offend", "location", "allowCrossTenantReplication"),
            NOT_HERE,
        ),
        Excuse(each("upper", "accountName", "location", "sourceAccount", "destinationAccount"), OTHER_SPELLING),
        Excuse(
            each("delete null strange cut", "accountName"),
            "what the replication was made from is told before the name is known",
            "replication between accounts that are made here",
        ),
        Excuse(
            each("strange cut", "name"),
            "a stack of the same project, by any name",
            "replication to the account of another stack",
        ),
    ),
    "RES-013": (Excuse(each("upper", "location"), OTHER_SPELLING),),
    "RES-014": (
        Excuse(
            each("delete null", "crossRegionRestore", "state") + each("delete", "replicatedRegions"),
            UNSET_IS_SAFE,
        ),
        Excuse(each("upper", "replicatedRegions"), OTHER_SPELLING),
    ),
    "RES-015": (
        Excuse(each("empty", "workspaceName", "bucket", "name"), NO_NAME),
        Excuse(
            each("delete null", *SINK_IDS, *SINK_ADDRESSES, "region", "env", "args", "values")
            + each("empty", "env", "args"),
            NOTHING_SENT,
        ),
        Excuse(each("unknown", *SINK_NAMES, "namespaceName", "azureMonitorWorkspaceName", "region", "name"), NOT_HERE),
        Excuse(
            each("offend", "region"),
            "the region of a rule must be there, that of anything else is its provider's where it is not",
        ),
        Excuse(
            each("upper", *SINK_ADDRESSES, "location", "workspaceId", "workspaceName", "bucketArn", "bucket"),
            OTHER_SPELLING,
        ),
        Excuse(
            each("unknown", "workspaceId"),
            "what the setting was made from is told before the id is known",
            "diagnostics to a workspace by its id",
        ),
        Excuse(
            each("strange cut", "name"), "a stack of the same project, by any name", "diagnostics to the environment"
        ),
        Excuse(each("cut", "firehoseArn"), "any stream of the region will do"),
    ),
    "RES-016": (
        Excuse(
            each("cut", "copyFrom", "foundationModel", "modelId", "embeddingModelArn", "modelArn"),
            "any model of the region will do",
        ),
        Excuse(each("cut", "policyArn"), "any policy but those that AWS keeps for all of Bedrock"),
        Excuse(
            each("delete null", "modelId", "embeddingModelArn", "policy") + each("delete", "managedPolicyArns"),
            UNSET_IS_SAFE,
        ),
    ),
    "RES-017": (
        Excuse(each("empty", "virtualNetworkName", "name"), NO_NAME),
        Excuse(
            each("delete null", "peerRegion", "serviceRegion", "id")
            + each("delete", "supportedRegions", "basePolicyRegions", "edgeLocations"),
            "nothing is joined, or only what lies in the same region",
        ),
        Excuse(each("offend", "peerRegion"), "a peering may leave it out, a gateway may not"),
        Excuse(each("cut", "vpcArn", "transitGatewayArn"), "any network of the region will do"),
        Excuse(each("unknown", "virtualNetworkName", "name", "location", "virtualNetworkGatewayName"), NOT_HERE),
        Excuse(each("offend", "location"), NOT_HERE),
        Excuse(each("upper", "virtualNetworkName", "location", "id"), OTHER_SPELLING),
        Excuse(
            each("unknown", "id"),
            "what the peering was made from is told before the id is known",
            "a network that is made here, by its id",
        ),
        Excuse(each("strange cut", "name"), "a stack of the same project, by any name", "a network of another stack"),
    ),
    "RES-018": (Excuse(each("cut", "name"), "any stack of a backend of one's own"),),
    "RES-020": (
        Excuse(
            each("unknown", "toEndpoints", "toServices", "toNodes", "toGroups"),
            "the rule names its destinations otherwise already",
        ),
        Excuse(
            each("delete", "cidrBlocks", "ipv6CidrBlocks")
            + each("delete null", "cidrIpv4", "cidrIpv6", "destinationAddressPrefix", "destinationAddressPrefixes"),
            "lets out less than before",
        ),
        Excuse(
            each("upper", "ipv6CidrBlocks", "cidrIpv6", "cidr", "destinationAddressPrefixes"),
            "addresses and Azure's names are read in any case",
        ),
        Excuse(
            each("delete null strange upper cut empty", "type"),
            "judged as a rule for what goes out, and it is private",
            "a rule for private addresses",
        ),
        Excuse(
            each("delete null strange upper cut empty", "direction", "access"),
            "judged as a rule that lets out, and its destination is one's own; or the other of the two exempts it",
        ),
        Excuse(
            each("unknown strange cut empty offend second", "destinationAddressPrefix"),
            "a rule that lets nothing out may say anything",
            "rules of Azure that refuse, or are for what comes in",
        ),
    ),
}
LOGIC: dict[str, dict[str, str]] = {
    "RES-002": {
        "always: if extended.value is not None:": "an extended location that is not there is as it has to be",
    },
    "RES-021": {
        "always: regions().get(region) if isinstance(region, str) else None": "no region has a key but text",
    },
}
