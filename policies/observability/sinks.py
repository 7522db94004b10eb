"""What keeps or forwards logs, measurements and traces in either cloud, and which of its properties says where to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from policies.geography.places import lies_in_aws_uae, lies_in_azure_uae
from policies.geography.whereabouts import (
    BUCKET,
    EVENT_HUBS,
    FIREHOSE,
    LOG_DESTINATION,
    LOG_GROUP,
    METRICS_WORKSPACE,
    SINK,
    STORAGE_ACCOUNT,
    STREAM,
    WORKSPACE,
)
from policies.tables import Table, if_set, refused
from policies.templates import is_absent
from policies.workloads.workload import POD_SPEC_BY_TOKEN

CLUSTER: Final = "azure-native:operationalinsights:Cluster"
EXPORT: Final = "azure-native:operationalinsights:DataExport"
LINKED: Final = "azure-native:operationalinsights:LinkedStorageAccount"
COMPONENT: Final = "azure-native:applicationinsights:Component"
ENDPOINT: Final = "azure-native:monitor:DataCollectionEndpoint"
RULE: Final = "azure-native:monitor:DataCollectionRule"
DIAGNOSTICS: Final = tuple(
    f"azure-native:monitor:{kind}DiagnosticSetting" for kind in ("", "Subscription", "ManagementGroup")
)
GRAFANA: Final = "azure-native:dashboard:Grafana"
FLOWS: Final = "azure-native:network:FlowLog"
KUBERNETES: Final = "azure-native:containerservice:ManagedCluster"
VENDORS: Final = ("azure-native:datadog:Monitor", "azure-native:elastic:Monitor")
METRICS: Final = "aws:cloudwatch/metricStream:MetricStream"
SUBSCRIPTION: Final = "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter"
LINK: Final = "aws:oam/link:Link"
CENTRAL: Final = "aws:observabilityadmin/centralizationRuleForOrganization:CentralizationRuleForOrganization"
VPC_FLOWS: Final = "aws:ec2/flowLog:FlowLog"
QUERIES: Final = "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig"
AGGREGATORS: Final = (
    "aws:cfg/configurationAggregator:ConfigurationAggregator",
    "aws:securityhub/findingAggregator:FindingAggregator",
)

REGION: Table = {
    **{
        token: {"location": lies_in_azure_uae}
        for token in (WORKSPACE, CLUSTER, METRICS_WORKSPACE, COMPONENT, ENDPOINT, RULE, GRAFANA)
    },
    **{token: {"marketplacePartnerId": is_absent} for token in DIAGNOSTICS},
    **{token: {"sku.name": refused("no monitoring as a service")} for token in VENDORS},
    CENTRAL: {
        "rule.destination.region": lies_in_aws_uae,
        **{
            f"rule.destination.destination{kind}Configuration.backupConfiguration.region": if_set(lies_in_aws_uae)
            for kind in ("Logs", "Metrics")
        },
    },
    **{token: {"region": if_set(lies_in_aws_uae)} for token in (METRICS, FIREHOSE, LINK, *AGGREGATORS)},
}
"""What names the place of a sink."""
TO_LOGS: Final = (WORKSPACE,)
TO_STORAGE: Final = (STORAGE_ACCOUNT,)
TO_AWS: Final = (LOG_GROUP, LOG_DESTINATION, FIREHOSE, STREAM, BUCKET)
SINKS: Mapping[str, Mapping[str, Sequence[str]]] = {
    **{
        token: {
            "workspaceId": TO_LOGS,
            "storageAccountId": TO_STORAGE,
            "eventHubAuthorizationRuleId": EVENT_HUBS,
            "serviceBusRuleId": EVENT_HUBS,
        }
        for token in DIAGNOSTICS
    },
    COMPONENT: {"workspaceResourceId": TO_LOGS},
    EXPORT: {"resourceId": (*TO_STORAGE, *EVENT_HUBS)},
    LINKED: {"storageAccountIds[]": TO_STORAGE},
    RULE: {
        "destinations.logAnalytics[].workspaceResourceId": TO_LOGS,
        "destinations.monitoringAccounts[].accountResourceId": (METRICS_WORKSPACE,),
        **{f"destinations.{kind}[].eventHubResourceId": EVENT_HUBS for kind in ("eventHubs", "eventHubsDirect")},
        **{
            f"destinations.{kind}[].storageAccountResourceId": TO_STORAGE
            for kind in ("storageAccounts", "storageBlobsDirect", "storageTablesDirect")
        },
    },
    GRAFANA: {
        "properties.grafanaIntegrations.azureMonitorWorkspaceIntegrations[].azureMonitorWorkspaceResourceId": (
            METRICS_WORKSPACE,
        )
    },
    FLOWS: {
        "storageId": TO_STORAGE,
        "flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration.workspaceResourceId": TO_LOGS,
    },
    KUBERNETES: {"addonProfiles.omsagent.config.logAnalyticsWorkspaceResourceID": TO_LOGS},
    METRICS: {"firehoseArn": (FIREHOSE,)},
    SUBSCRIPTION: {"destinationArn": TO_AWS},
    LOG_DESTINATION: {"targetArn": TO_AWS},
    LINK: {"sinkIdentifier": (SINK,)},
    VPC_FLOWS: {"logDestination": TO_AWS},
    QUERIES: {"destinationArn": TO_AWS},
    FIREHOSE: {"extendedS3Configuration.bucketArn": (BUCKET,)},
}
"""What names a sink itself, and of which types it may be."""
ADDRESSES: Final = {
    FIREHOSE: (
        "httpEndpointConfiguration.url",
        "splunkConfiguration.hecEndpoint",
        "snowflakeConfiguration.accountUrl",
        "redshiftConfiguration.clusterJdbcurl",
        "elasticsearchConfiguration.clusterEndpoint",
        "opensearchConfiguration.clusterEndpoint",
        "opensearchserverlessConfiguration.collectionEndpoint",
    )
}
"""What holds the address of a sink."""
TEXTS: Final = {
    "kubernetes:helm.sh/v3:Release": "values",
    "kubernetes:helm.sh/v4:Chart": "values",
    "kubernetes:core/v1:ConfigMap": "data",
    "kubernetes:core/v1:ConfigMapPatch": "data",
    "kubernetes:opentelemetry.io/v1beta1:OpenTelemetryCollector*": "spec",
    "kubernetes:monitoring.coreos.com/v1:Prometheus*": "spec",
}
"""What may hold the configuration of a collector."""
BESIDE: Final = tuple(dict.fromkeys(token for kinds in SINKS.values() for tokens in kinds.values() for token in tokens))
JUDGED: Final = tuple(dict.fromkeys((*REGION, *SINKS, *ADDRESSES, *TEXTS, *POD_SPEC_BY_TOKEN)))
