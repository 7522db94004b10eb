"""Why some mutants of RES controls survive that judge where what a resource holds may go."""

from __future__ import annotations

from tests.policies.excuses.excuse import Excuse, each

JUDGED_BY_SUP_001 = "the image only tells whether ONNX Runtime is inside; SUP-001 judges it"
ANY_NAME = "any name will do"
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
    "RES-011": (
        Excuse(
            each("delete null", "endpointLocation", "tier"),
            UNSET_IS_SAFE,
            of="Endpoint LoadBalancer PublicIPAddress PublicIPPrefix",
        ),
        Excuse(each("upper", "endpointLocation"), OTHER_SPELLING, "one more endpoint at home"),
    ),
    "RES-012": (
        Excuse(
            each("empty", "accountName", "name"),
            NO_NAME,
            ("replication between accounts that are made here", "replication to the account of another stack"),
        ),
        Excuse(
            each("unknown", "accountName", "name", "location", "allowCrossTenantReplication")
            + each("offend", "location", "allowCrossTenantReplication"),
            NOT_HERE,
            of="StorageAccount",
        ),
        Excuse(
            each("upper", "accountName", "location", "sourceAccount", "destinationAccount"),
            OTHER_SPELLING,
            of="ObjectReplicationPolicy StorageAccount",
        ),
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
    "RES-013": (
        Excuse(
            each("upper", "location"),
            OTHER_SPELLING,
            ("a registry of the region", "a replica in the other region", "builds in the region"),
        ),
    ),
    "RES-014": (
        Excuse(
            each("delete null", "crossRegionRestore", "state") + each("delete", "replicatedRegions"),
            UNSET_IS_SAFE,
            ("a vault across zones", "a backup vault across zones"),
        ),
        Excuse(each("upper", "replicatedRegions", "location"), OTHER_SPELLING, of="BackupVault Database Vault"),
        Excuse(
            each("unknown delete null abroad strange cut empty", "location"),
            "backups that stay lie where it lies, which RES-002 judges",
            ("a vault across zones", "a vault in one building", "a backup vault across zones"),
        ),
        Excuse(
            each("unknown", "location"),
            "backups that stay lie where it lies, which RES-002 judges",
            ("backups of a database across zones", "backups of an instance in one building"),
        ),
    ),
    "RES-015": (
        Excuse(each("empty", "name"), NO_NAME, of="StackReference"),
        Excuse(
            each("delete null", *SINK_IDS, *SINK_ADDRESSES, "region", "env", "args", "values")
            + each("empty", "env", "args"),
            NOTHING_SENT,
            of="*",
        ),
        Excuse(
            each("unknown", *SINK_NAMES, "namespaceName", "azureMonitorWorkspaceName", "region", "name"),
            NOT_HERE,
            of="*",
        ),
        Excuse(
            each("offend", "region"),
            "the region of a rule must be there, that of anything else is its provider's where it is not",
            of="*",
        ),
        Excuse(
            each("upper", *SINK_ADDRESSES, "location", "workspaceId", "workspaceName", "bucketArn", "bucket"),
            OTHER_SPELLING,
            of="*",
        ),
        Excuse(
            each("unknown", "workspaceId"),
            "what the setting was made from is told before the id is known",
            "diagnostics to a workspace by its id",
        ),
        Excuse(
            each("strange cut", "name"), "a stack of the same project, by any name", "diagnostics to the environment"
        ),
        Excuse(each("cut", "firehoseArn"), "any stream of the region will do", "measures to a stream by its ARN"),
    ),
    "RES-016": (
        Excuse(
            each("cut", "copyFrom", "foundationModel", "modelId", "embeddingModelArn", "modelArn"),
            "any model of the region will do",
            of="AgentAgent AgentKnowledgeBase AgentPrompt InferenceProfile InvocationJob ProvisionedModelThroughput",
        ),
        Excuse(
            each("cut", "policyArn"),
            "any policy but those that AWS keeps for all of Bedrock",
            "may see which models there are",
        ),
        Excuse(
            each("delete null", "modelId", "embeddingModelArn", "policy") + each("delete", "managedPolicyArns"),
            UNSET_IS_SAFE,
            (
                "a prompt on a model of the region",
                "knowledge by a model of the region",
                "a role that may call one model of the region",
            ),
        ),
    ),
    "RES-017": (
        Excuse(each("empty", "name"), NO_NAME, of="StackReference"),
        Excuse(
            each("delete null", "peerRegion", "serviceRegion", "id")
            + each("delete", "supportedRegions", "basePolicyRegions", "edgeLocations"),
            "nothing is joined, or only what lies in the same region",
            of="*",
        ),
        Excuse(
            each("offend", "peerRegion"), "a peering may leave it out, a gateway may not", "two networks of the region"
        ),
        Excuse(
            each("cut", "vpcArn", "transitGatewayArn"),
            "any network of the region will do",
            ("a network of the region in a core network", "a gateway of the region in a core network"),
        ),
        Excuse(
            each("unknown", "virtualNetworkName", "name", "location", "virtualNetworkGatewayName"),
            NOT_HERE,
            of="VirtualNetwork VirtualNetworkGateway",
        ),
        Excuse(each("offend", "location"), NOT_HERE, ("a network with its peerings", "a network without peerings")),
        Excuse(
            each("upper", "virtualNetworkName", "location", "id"),
            OTHER_SPELLING,
            of="VirtualNetwork VirtualNetworkGateway VirtualNetworkPeering",
        ),
        Excuse(
            each("unknown", "id"),
            "what the peering was made from is told before the id is known",
            "a network that is made here, by its id",
        ),
        Excuse(each("strange cut", "name"), "a stack of the same project, by any name", "a network of another stack"),
    ),
    "RES-018": (
        Excuse(
            each("cut", "name"),
            "any stack of a backend of one's own",
            ("an environment of the platform", "an environment of another project"),
        ),
    ),
    "RES-020": (
        Excuse(
            each("unknown", "toEndpoints", "toServices", "toNodes", "toGroups"),
            "the rule names its destinations otherwise already",
            ("Cilium, private addresses", "Cilium, the cluster"),
        ),
        Excuse(
            each("delete", "cidrBlocks", "ipv6CidrBlocks")
            + each("delete null", "cidrIpv4", "cidrIpv6", "destinationAddressPrefix", "destinationAddressPrefixes"),
            "lets out less than before",
            of="NetworkSecurityGroup SecurityGroup SecurityGroupEgressRule SecurityGroupRule SecurityRule",
        ),
        Excuse(
            each("upper", "ipv6CidrBlocks", "cidrIpv6", "cidr", "destinationAddressPrefixes"),
            "addresses and Azure's names are read in any case",
            of="ManagedPrefixListEntry NetworkSecurityGroup SecurityGroup SecurityGroupEgressRule SecurityGroupRule",
        ),
        Excuse(
            each("delete null strange upper cut empty", "type"),
            "judged as a rule for what goes out, and it is private",
            "a rule for private addresses",
        ),
        Excuse(
            each("delete null strange upper cut empty", "direction", "access"),
            "judged as a rule that lets out, and its destination is one's own; or the other of the two exempts it",
            (
                "rules of Azure for one's own networks",
                "rules of Azure that refuse, or are for what comes in",
                "a rule of Azure for the balancer",
            ),
        ),
        Excuse(
            each("unknown strange cut empty offend second", "destinationAddressPrefix"),
            "a rule that lets nothing out may say anything",
            "rules of Azure that refuse, or are for what comes in",
        ),
    ),
    "RES-019": (
        Excuse(each("delete null empty upper cut strange", "image"), JUDGED_BY_SUP_001, of="CronJob Deployment"),
        Excuse(
            each("unknown offend second", "env"),
            "a container without ONNX Runtime needs no switch",
            "switched off in every container, beside one without the runtime",
        ),
    ),
    "RES-023": (
        Excuse(
            each("upper cut", "server"),
            ANY_NAME,
            ("an ACME authority in the cluster", "certificates of an authority that the operator keeps"),
        ),
    ),
    "RES-021": (
        Excuse(
            each("offend second", "encryption"),
            "what is too little for one flow is enough for another",
            "inside the cluster's own network",
        ),
        Excuse(each("upper cut strange", "source", "sink"), ANY_NAME, of="OnnxRuntimeServer"),
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
            of="LocalCluster OnnxRuntimeServer",
        ),
        Excuse(
            each("offend second", "data_class"),
            "less flows into the store, or out of another",
            of="LocalCluster OnnxRuntimeServer",
        ),
    ),
}
