"""Networks for the examples of controls."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from policies.examples.linked import linked
from policies.resources import Resource, resource
from policies.values import UNKNOWN

VPC: Final = "aws:ec2/vpc:Vpc"
DEFAULT_VPC: Final = "aws:ec2/defaultVpc:DefaultVpc"
VNET: Final = "azure-native:network:VirtualNetwork"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
AWS_FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"
AZURE_FLOW_LOG: Final = "azure-native:network:FlowLog"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
PRIVATE_ENDPOINT: Final = "azure-native:network:PrivateEndpoint"
AT_HOME: Final = resource("pulumi:providers:aws", {"region": "me-central-1"})
"""A provider of AWS for the UAE."""
ABROAD: Final = resource("pulumi:providers:aws", {"region": "eu-west-1"})

LOG_GROUP_AT_HOME: Final = "arn:aws:logs:me-central-1:111122223333:log-group:flows"
LOG_GROUP_ABROAD: Final = LOG_GROUP_AT_HOME.replace("me-central-1", "eu-west-1")
TO_BUCKET: Final = {"trafficType": "ALL", "logDestination": "arn:aws:s3:::acme-flows"}

S3_POLICY: Final[Mapping[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}},
        }
    ],
}
CLOSED: Final[Mapping[str, Mapping[str, object]]] = {
    "azure-native:storage:StorageAccount": {
        "publicNetworkAccess": "Disabled",
        "networkRuleSet": {"defaultAction": "Deny"},
    },
    "azure-native:keyvault:Vault": {
        "properties": {"publicNetworkAccess": "disabled", "networkAcls": {"defaultAction": "Deny"}}
    },
    "azure-native:containerregistry:Registry": {"publicNetworkAccess": "Disabled"},
    "azure-native:operationalinsights:Workspace": {
        "publicNetworkAccessForIngestion": "Disabled",
        "publicNetworkAccessForQuery": "Disabled",
    },
    "azure-native:monitor:PrivateLinkScope": {
        "accessModeSettings": {"ingestionAccessMode": "PrivateOnly", "queryAccessMode": "PrivateOnly"}
    },
}
"""What each service of Azure's says to refuse the internet."""


def vpc() -> Resource:
    """Make a VPC that AWS has not made yet."""
    return resource(VPC, {"id": UNKNOWN, "cidrBlock": "10.0.0.0/16"})


def default_vpc() -> Resource:
    """Make the VPC that AWS gave the account."""
    return resource(DEFAULT_VPC, {"id": UNKNOWN})


def vnet() -> Resource:
    """Make a VNet that Azure has not made yet."""
    return resource(VNET, {"id": UNKNOWN, "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})


def log_group(provider: Resource | None = AT_HOME, **properties: object) -> Resource:
    """Make a log group."""
    return resource(LOG_GROUP, properties, provider=provider)


def flow_log(**properties: object) -> Resource:
    """Make a flow log of the VPC that writes to a log group at home."""
    defaults: dict[str, object] = {"trafficType": "ALL", "logDestination": LOG_GROUP_AT_HOME}
    return linked(AWS_FLOW_LOG, vpc(), "vpcId", **defaults | properties)


def written_to(store: Resource) -> Resource:
    """Make a flow log of the VPC that writes to a store of the program."""
    log = flow_log(logDestination=UNKNOWN)
    return replace(log, property_dependencies={**log.property_dependencies, "logDestination": [store.urn]})


def azure_flow_log(**properties: object) -> Resource:
    """Make a flow log of the VNet that writes to an account in its own region."""
    defaults: dict[str, object] = {"enabled": True, "location": "uaenorth", "storageId": UNKNOWN}
    return linked(AZURE_FLOW_LOG, vnet(), "targetResourceId", **defaults | properties)


def endpoint(service: object, kind: object = "Interface", **properties: object) -> Resource:
    """Make an endpoint of the VPC for a service, by the end of its name."""
    name = f"com.amazonaws.me-central-1.{service}" if isinstance(service, str) else service
    defaults: dict[str, object] = {"serviceName": name, "vpcEndpointType": kind, "privateDnsEnabled": True}
    return linked(ENDPOINT, vpc(), "vpcId", str(service), **defaults | properties)


def endpoints_but(*missing: str) -> tuple[Resource, ...]:
    """Make the endpoints of the VPC that every cluster needs, without some."""
    services = ("ecr.api", "ecr.dkr", "eks", "eks-auth", "kms", "logs", "s3", "sts")
    gateway = {"kind": "Gateway", "privateDnsEnabled": None, "policy": json.dumps(S3_POLICY)}
    return tuple(endpoint(each, **gateway if each == "s3" else {}) for each in services if each not in missing)


def closed(token: str, **properties: object) -> Resource:
    """Make a service of Azure's that refuses the internet."""
    return resource(token, {"id": UNKNOWN, **CLOSED[token], **properties})


def private_endpoint(to: Resource, by: str = "privateLinkServiceConnections") -> Resource:
    """Make a private endpoint that leads to a service of the program."""
    return replace(
        resource(PRIVATE_ENDPOINT, {by: [{"privateLinkServiceId": UNKNOWN}]}), property_dependencies={by: [to.urn]}
    )
