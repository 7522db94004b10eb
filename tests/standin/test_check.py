from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from falaj.standin.check import Failure, failures
from falaj.standin.library import package_of, resource_type
from falaj.standin.wire import UNKNOWN
from tests.standin.strategies import objects

CLUSTER = "aws:eks/cluster:Cluster"
VAULT = "azure-native:keyvault:Vault"
POLICY = "azure-native:dataprotection:BackupPolicy"
OUTSIDE_AWS = "does not lie in the UAE, allowed: me-central-1"
OUTSIDE_AZURE = "does not lie in the UAE, allowed: uaecentral, uaenorth"
DRAWN = (
    "aws:lambda/function:Function",
    "aws:rds/instance:Instance",
    "aws:sqs/queuePolicy:QueuePolicy",
    "azure-native:containerservice:AgentPool",
    "azure-native:dataprotection:BackupPolicy",
    "azure-native:keyvault:Vault",
    "kubernetes:core/v1:Service",
)


def cluster(**changes: object) -> dict[str, Any]:
    return {"roleArn": "arn:aws:iam::111122223333:role/x", "vpcConfig": {"subnetIds": ["subnet-1"]}, **changes}


def vault(**changes: object) -> dict[str, Any]:
    """A vault; changes of ``properties`` are changes inside it."""
    properties = {"sku": {"family": "A", "name": "premium"}, "tenantId": "t"}
    own = changes.pop("properties", {})
    assert isinstance(own, dict)
    return {"resourceGroupName": "group", "location": "uaenorth", "properties": {**properties, **own}, **changes}


def secret(value: object) -> dict[str, Any]:
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


@pytest.mark.parametrize(
    ("token", "inputs", "path", "reason"),
    [
        (CLUSTER, cluster(rolearn="x"), "rolearn", "there is no such property; the nearest is roleArn"),
        (CLUSTER, cluster(zzz="x"), "zzz", "there is no such property"),
        (
            CLUSTER,
            cluster(vpcConfig={"subnetIds": [], "subnetIDs": ["a"]}),
            "vpcConfig.subnetIDs",
            "there is no such property; the nearest is subnetIds",
        ),
        (CLUSTER, cluster(vpcConfig={}), "vpcConfig.subnetIds", "is required and was not given"),
        (CLUSTER, {"roleArn": "x"}, "vpcConfig", "is required and was not given"),
        (CLUSTER, cluster(arn="x"), "arn", "is made by the server and can not be given"),
        (CLUSTER, cluster(version=1.33), "version", "expected a string, found 1.33"),
        (CLUSTER, cluster(deletionProtection="yes"), "deletionProtection", 'expected true or false, found "yes"'),
        (CLUSTER, cluster(vpcConfig="x"), "vpcConfig", 'expected an object, found "x"'),
        (CLUSTER, cluster(tags={"a": 1}), 'tags["a"]', "expected a string, found 1"),
        (CLUSTER, cluster(tags=["a"]), "tags", 'expected a map, found ["a"]'),
        (CLUSTER, cluster(enabledClusterLogTypes="api"), "enabledClusterLogTypes", 'expected a list, found "api"'),
        (
            CLUSTER,
            cluster(enabledClusterLogTypes=["api", "audits"]),
            "enabledClusterLogTypes[1]",
            'found "audits", allowed: api, audit, authenticator, controllerManager, scheduler; the nearest is audit',
        ),
        (CLUSTER, cluster(region="eu-west-1"), "region", f"eu-west-1 {OUTSIDE_AWS}"),
        (CLUSTER, cluster(region=secret("eu-west-1")), "region", f"eu-west-1 {OUTSIDE_AWS}"),
        (
            VAULT,
            vault(properties={"sku": {"family": "A", "name": "premuim"}}),
            "properties.sku.name",
            'found "premuim", allowed: standard, premium; the nearest is premium',
        ),
        (
            VAULT,
            vault(properties={"networkAcls": {"bypass": "None", "defaultAction": "deny"}}),
            "properties.networkAcls.defaultAction",
            'found "deny", allowed: Allow, Deny; the nearest is Deny',
        ),
        (VAULT, vault(location="westeurope"), "location", f"westeurope {OUTSIDE_AZURE}"),
        (VAULT, vault(location="global"), "location", f"global {OUTSIDE_AZURE}"),
        (
            VAULT,
            vault(properties={"softDeleteRetentionInDays": 7.5}),
            "properties.softDeleteRetentionInDays",
            "expected a whole number, found 7.5",
        ),
        (
            VAULT,
            vault(properties={"softDeleteRetentionInDays": True}),
            "properties.softDeleteRetentionInDays",
            "expected a whole number, found true",
        ),
        (
            POLICY,
            {
                "resourceGroupName": "g",
                "vaultName": "v",
                "properties": {
                    "datasourceTypes": ["x"],
                    "objectType": "BackupPolicy",
                    "policyRules": [{"objectType": "AzureRetentionRule", "name": "Default", "lifecycle": []}],
                },
            },
            "properties.policyRules[0].lifecycle",
            "there is no such property; the nearest is lifecycles",
        ),
        (
            "aws:sqs/queuePolicy:QueuePolicy",
            {"queueUrl": "x", "policy": "{"},
            "policy",
            "is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            "azure-native:keyvault:ManagedHsm",
            {
                "resourceGroupName": "g",
                "location": "uaenorth",
                "properties": {"regions": [{"name": "uaecentral"}, {"name": "qatarcentral"}]},
            },
            "properties.regions[1].name",
            f"qatarcentral {OUTSIDE_AZURE}",
        ),
        ("pulumi:providers:aws", {"region": "us-east-1"}, "region", f"us-east-1 {OUTSIDE_AWS}"),
        (
            "pulumi:providers:aws",
            {"defaultTags": '{"tagz": {}}'},
            "defaultTags.tagz",
            "there is no such property; the nearest is tags",
        ),
        (
            "aws:eks/clustr:Cluster",
            {},
            "",
            "aws 7.51.1 has no type aws:eks/clustr:Cluster; the nearest is aws:eks/cluster:Cluster",
        ),
    ],
)
def test_says_what_is_wrong_and_what_is_allowed(token: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = failures(package_of(token), token, inputs)

    assert Failure(path, reason) in found
    assert len(found) <= 2, "one mistake is reported once, and what is then missing"


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (CLUSTER, cluster()),
        (CLUSTER, cluster(vpcConfig=UNKNOWN, roleArn=UNKNOWN, tags={"a": UNKNOWN}, deletionProtection=UNKNOWN)),
        (CLUSTER, cluster(roleArn=secret("arn"), vpcConfig=secret({"subnetIds": UNKNOWN}))),
        (CLUSTER, cluster(region="me-central-1", version=None, __internal={})),
        (CLUSTER, cluster(tags={"region": "wherever", "location": "Dubai"})),
        (VAULT, vault()),
        (VAULT, vault(location="UAE North")),
        ("azure-native:privatedns:PrivateZone", {"resourceGroupName": "g", "location": "global"}),
        ("aws:sqs/queuePolicy:QueuePolicy", {"queueUrl": "x", "policy": '{"Statement": []}'}),
        (
            "pulumi:providers:aws",
            {"region": "me-central-1", "allowedAccountIds": '["111122223333"]', "version": "7.51.1"},
        ),
        ("pulumi:providers:azure-native", {"location": "uaenorth", "useMsi": "true"}),
    ],
)
def test_takes_what_a_provider_takes(token: str, inputs: dict[str, Any]) -> None:
    assert failures(package_of(token), token, inputs) == []


@pytest.mark.parametrize("token", DRAWN)
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_takes_everything_that_the_sdk_describes_and_no_property_besides(token: str, data: st.DataObject) -> None:
    found = resource_type(token)
    assert found is not None
    inputs = data.draw(objects(found, found.inputs))

    assert failures(package_of(token), token, inputs) == []

    name = data.draw(st.sampled_from(sorted(found.inputs)))
    misspelt = {**copy.deepcopy(inputs), f"{name}Zz": "x"}
    assert [each.property for each in failures(package_of(token), token, misspelt)] == [f"{name}Zz"]

    unknown = {**inputs, name: UNKNOWN}
    assert failures(package_of(token), token, unknown) == []
