"""What must be true of every cloud stack, looked for in its golden plan; tests/day_two compares that with the stack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from falaj.catalog.global_services import Advice, global_services
from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from falaj.catalog.tags import Stage, Tag
from falaj.standin.library import resource_type
from stacks.environment_settings import AwsEnvironment, AzureEnvironment, LocalEnvironment
from stacks.settings import configuration, environment_of, stack_names
from tests.stacks.conftest import ROOT

PLANS = ROOT / "tests" / "golden" / "plans"
Resource = Mapping[str, Any]
AWS_REGION = re.compile(r"\b(?:us|eu|ap|sa|ca|af|me|il|mx|cn)(?:-gov)?-(?:north|south|east|west|central)[a-z]*-\d\b")
AZURE_REGION = re.compile(
    r"\b(?:(?:east|west|central|north|south|northcentral|southcentral|westcentral)us\d?|(?:north|west)europe|"
    r"(?:uk|france|germany|switzerland|norway|sweden|poland|italy|spain|qatar|israel|japan|korea|india|australia|"
    r"brazil|canada|southafrica|eastasia|southeastasia)[a-z]*)\b"
)
WORLDWIDE = re.compile(r"^azure-native:(privatedns:|monitor:PrivateLinkScope$)")
"""Types that Azure keeps in no region; none of them holds data."""


def home_of(stack: str) -> AwsEnvironment | AzureEnvironment | None:
    """The cloud environment that a stack is, or lives in."""
    tenant = json.loads(configuration(stack).get("tenant", "{}"))
    home = environment_of(tenant.get("environment", stack))
    return None if isinstance(home, LocalEnvironment) else home


HOMES = {name: home for name in stack_names() if (home := home_of(name)) is not None}
ENVIRONMENTS = [name for name in HOMES if environment_of(name) is not None]


def plan(stack: str) -> list[Resource]:
    resources: list[Resource] = json.loads((PLANS / f"{stack}.json").read_text(encoding="utf-8"))
    return resources


def inputs(resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = resource.get("inputs", {})
    return found


def of_type(stack: str, *tokens: str) -> list[Resource]:
    return [each for each in plan(stack) if each["type"] in tokens]


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def values_of(value: object, name: str) -> Iterator[object]:
    """Every value with that property name, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == name:
                yield inner
            yield from values_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from values_of(inner, name)


def test_there_is_an_environment_and_a_tenant_of_every_tier_on_both_clouds() -> None:
    assert sorted(HOMES) == [
        "aws-enterprise",
        "aws-me-central-1-dev",
        "aws-me-central-1-prod",
        "aws-smb",
        "aws-sovereign",
        "azure-enterprise",
        "azure-smb",
        "azure-sovereign",
        "azure-uaecentral-dr",
        "azure-uaenorth-dev",
        "azure-uaenorth-prod",
    ]


@pytest.mark.parametrize("stack", HOMES)
def test_every_taggable_resource_says_whose_it_is_what_for_and_where(stack: str) -> None:
    home = HOMES[stack]
    tenant = json.loads(configuration(stack).get("tenant", "{}"))
    expected = {
        Tag.ENVIRONMENT: home.stage,
        Tag.STACK: stack,
        Tag.OWNER: tenant.get("owner", home.owner),
        Tag.COST_CENTRE: home.cost_centre,
        Tag.DATA_CLASSIFICATION: home.data_class,
        Tag.DATA_RESIDENCY: "AE",
        Tag.TENANT: stack if tenant else "shared",
    }
    wrong = {}
    taggable = 0
    for resource in plan(stack):
        if not resource["type"].startswith(("aws:", "azure-native:")):
            continue
        shape = resource_type(resource["type"])
        assert shape is not None, resource["type"]
        if "tags" not in shape.inputs:
            continue
        taggable += 1
        tags = inputs(resource).get("tags", {})
        wanted = {**expected, Tag.TENANT: kept_for(home, resource) or expected[Tag.TENANT]}
        if any(tags.get(key.value) != value for key, value in wanted.items()):
            wrong[resource["urn"]] = tags
    assert wrong == {}
    assert taggable >= (30 if stack in ENVIRONMENTS else 1 if tenant.get("tier") != "smb" else 0)


def kept_for(home: AwsEnvironment | AzureEnvironment, resource: Resource) -> str | None:
    """The tenant for which an environment keeps a pool with GPUs, and who is charged for it."""
    name = resource["urn"].rpartition("::")[2]
    return next((pool.tenant for key, pool in home.gpu_pools.items() if name.startswith(f"gpu-pool-{key}-")), None)


@pytest.mark.parametrize("stack", HOMES)
def test_nothing_names_a_place_outside_the_country(stack: str) -> None:
    allowed = {key for key, region in regions().items() if region.jurisdiction.country == "AE"}
    strangers = {}
    for resource in plan(stack):
        found = {name for text in texts(_placed(resource)) for name in _regions_in(text)} - allowed
        if found:
            strangers[resource["urn"]] = found
    assert strangers == {}


def _placed(resource: Resource) -> dict[str, Any]:
    """The inputs, without flows to global services, which the next test judges."""
    given = inputs(resource)
    flows = [flow for flow in given.get("dataFlows", []) if "global_service" not in flow]
    return {**given, "dataFlows": flows}


def _regions_in(text: str) -> list[str]:
    return [*AWS_REGION.findall(text), *AZURE_REGION.findall(text)]


@pytest.mark.parametrize("stack", HOMES)
def test_only_known_global_services_are_told_anything_and_nothing_of_requests(stack: str) -> None:
    told = [flow for each in plan(stack) for flow in inputs(each).get("dataFlows", []) if "global_service" in flow]

    assert told
    assert {flow["data_class"] for flow in told} == {"operational"}
    assert {global_services()[flow["global_service"]].advice for flow in told} == {Advice.KNOW}


@pytest.mark.parametrize("stack", HOMES)
def test_every_location_is_the_environments_own(stack: str) -> None:
    home = HOMES[stack]
    for resource in plan(stack):
        location = inputs(resource).get("location")
        if location == "global":
            assert WORLDWIDE.match(resource["type"]), resource["urn"]
        elif location is not None:
            assert location == home.region, resource["urn"]
        if resource["type"].startswith("aws:"):
            assert "region" not in inputs(resource), resource["urn"]
    providers = of_type(stack, "pulumi:providers:aws", "pulumi:providers:azure-native")
    assert [inputs(each).get("region", inputs(each).get("location")) for each in providers] == [home.region]


def has_key(*path: str) -> Callable[[Resource], bool]:
    """Whether something is said at a path of the inputs; the first element where there is a list."""

    def check(resource: Resource) -> bool:
        value: Any = inputs(resource)
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
            value = value[0] if isinstance(value, list) and value else value
        return bool(value)

    return check


OWN_KEY: dict[str, Callable[[Resource], bool]] = {
    "aws:backup/vault:Vault": has_key("kmsKeyArn"),
    "aws:cloudtrail/trail:Trail": has_key("kmsKeyId"),
    "aws:cloudwatch/logGroup:LogGroup": has_key("kmsKeyId"),
    "aws:ebs/defaultKmsKey:DefaultKmsKey": has_key("keyArn"),
    "aws:ec2/launchTemplate:LaunchTemplate": has_key("blockDeviceMappings", "ebs", "kmsKeyId"),
    "aws:ecr/repository:Repository": has_key("encryptionConfigurations", "kmsKey"),
    "aws:eks/cluster:Cluster": has_key("encryptionConfig", "provider", "keyArn"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": has_key(
        "rules", "applyServerSideEncryptionByDefault", "kmsMasterKeyId"
    ),
    "aws:sns/topic:Topic": has_key("kmsMasterKeyId"),
    "azure-native:compute:DiskEncryptionSet": has_key("activeKey", "keyUrl"),
    "azure-native:containerregistry:Registry": has_key("encryption", "keyVaultProperties", "keyIdentifier"),
    "azure-native:containerservice:ManagedCluster": has_key("diskEncryptionSetID"),
    "azure-native:dataprotection:BackupVault": has_key(
        "properties", "securitySettings", "encryptionSettings", "keyVaultProperties", "keyUri"
    ),
    "azure-native:operationalinsights:Cluster": has_key("keyVaultProperties", "keyVaultUri"),
    "azure-native:storage:StorageAccount": has_key("encryption", "keyVaultProperties", "keyName"),
}
"""What keeps data, and how its own key shows."""
KEEPS_DATA = re.compile(
    r"^(aws:(backup/vault|cloudtrail/trail|cloudwatch/logGroup|ecr/repository|eks/cluster|s3/bucketV2|s3/bucket|sqs/queue|"
    r"sns/topic|secretsmanager/secret|ssm/parameter|dynamodb/table|efs/fileSystem|ebs/volume|rds/\w+|kinesis/stream|"
    r"ec2/launchTemplate):|azure-native:(storage:StorageAccount|containerregistry:Registry|compute:Disk$|keyvault:Secret|"
    r"containerservice:ManagedCluster|servicebus:Namespace|eventhub:Namespace|dataprotection:BackupVault|"
    r"operationalinsights:Cluster))"
)


@pytest.mark.parametrize("stack", HOMES)
def test_everything_that_keeps_data_has_a_key_of_ours(stack: str) -> None:
    keeping = [each for each in plan(stack) if KEEPS_DATA.match(each["type"])]
    encrypted = of_type(stack, "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
    buckets = {urn for each in encrypted for urn in each["propertyDependencies"]["bucket"]}
    for resource in [*keeping, *encrypted]:
        if resource["type"] == "aws:s3/bucket:Bucket":
            assert resource["urn"] in buckets
        else:
            assert resource["type"] in OWN_KEY, resource["type"]
            assert OWN_KEY[resource["type"]](resource), resource["urn"]
    assert keeping or "smb" in stack


@pytest.mark.parametrize("stack", HOMES)
def test_azure_logs_lie_under_our_key_where_customers_data_do(stack: str) -> None:
    """Log Analytics takes a key only on a dedicated cluster of 100 GB a day, which stage dev does without."""
    workspaces = of_type(stack, "azure-native:operationalinsights:Workspace")
    clusters = of_type(stack, "azure-native:operationalinsights:Cluster")

    assert len(clusters) == (len(workspaces) if HOMES[stack].stage is not Stage.DEVELOPMENT else 0)


@pytest.mark.parametrize("stack", HOMES)
def test_nothing_is_public(stack: str) -> None:
    resources = plan(stack)
    types = {each["type"] for each in resources}
    said = {
        name: {str(value) for each in resources for value in values_of(inputs(each), name)}
        for name in (
            "allowBlobPublicAccess",
            "associatePublicIpAddress",
            "enableNodePublicIP",
            "enablePrivateCluster",
            "endpointPublicAccess",
            "mapPublicIpOnLaunch",
            "publicNetworkAccess",
        )
    }

    assert types & {"aws:ec2/eip:Eip", "aws:ec2/internetGateway:InternetGateway"} == set()
    assert types & {"azure-native:network:PublicIPAddress", "azure-native:network:NatGateway"} == set()
    assert said["allowBlobPublicAccess"] <= {"False"}
    assert said["associatePublicIpAddress"] <= {"false"}
    assert said["enableNodePublicIP"] <= {"False"}
    assert said["enablePrivateCluster"] <= {"True"}
    assert said["endpointPublicAccess"] <= {"False"}
    assert said["mapPublicIpOnLaunch"] <= {"False"}
    assert said["publicNetworkAccess"] <= {"Disabled"}
    if stack in ENVIRONMENTS:
        cloud = HOMES[stack].provider
        assert said["endpointPublicAccess"] == ({"False"} if cloud is Provider.AWS else set())
        assert said["enablePrivateCluster"] == ({"True"} if cloud is Provider.AZURE else set())


PROTECTED = (
    "aws:backup/vault:Vault",
    "aws:cloudtrail/trail:Trail",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:ec2/vpc:Vpc",
    "aws:ecr/repository:Repository",
    "aws:eks/cluster:Cluster",
    "aws:kms/key:Key",
    "aws:s3/bucket:Bucket",
    "azure-native:containerregistry:Registry",
    "azure-native:containerservice:ManagedCluster",
    "azure-native:dataprotection:BackupVault",
    "azure-native:keyvault:Key",
    "azure-native:keyvault:Vault",
    "azure-native:network:VirtualNetwork",
    "azure-native:operationalinsights:Workspace",
    "azure-native:resources:ResourceGroup",
    "azure-native:storage:StorageAccount",
)
"""What holds state, or takes with it what does."""


@pytest.mark.parametrize("stack", HOMES)
def test_what_holds_state_is_protected_but_in_development(stack: str) -> None:
    holding = of_type(stack, *PROTECTED)

    assert {bool(each.get("protect")) for each in holding} <= {HOMES[stack].stage is not Stage.DEVELOPMENT}
    assert len(holding) >= (9 if stack in ENVIRONMENTS else 0)


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_what_lies_in_a_cluster_goes_with_it(stack: str) -> None:
    cluster = {"aws:eks/cluster:Cluster", "azure-native:containerservice:ManagedCluster"}
    (made,) = [each["urn"] for each in plan(stack) if each["type"] in cluster]
    inside = [each for each in plan(stack) if each["type"].startswith("kubernetes:")]

    assert len(inside) > 20
    on_their_own = [each["urn"] for each in inside if each.get("deletedWith") != made]
    assert [urn.rpartition("::")[2] for urn in on_their_own] == ["gateway-service"]


@pytest.mark.parametrize("stack", HOMES)
def test_every_component_says_what_it_moves(stack: str) -> None:
    components = [each for each in plan(stack) if each["type"].startswith("falaj:index:")]

    assert [each["urn"] for each in components if "dataFlows" not in inputs(each)] == []


FORGOTTEN = {"log", "metrics", "backup", "image_pull", "identity", "control", "telemetry", "object"}
"""Channels that data-flow diagrams like to leave out."""


@pytest.mark.parametrize("stack", ENVIRONMENTS)
def test_the_flows_that_others_forget_are_declared(stack: str) -> None:
    channels = {flow["channel"] for each in plan(stack) for flow in inputs(each).get("dataFlows", [])}

    assert FORGOTTEN - channels == set()


def test_the_golden_plans_are_those_of_the_stack_files() -> None:
    assert sorted(file.stem for file in PLANS.glob("*.json")) == stack_names()


def test_no_golden_plan_holds_a_secret() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in Path(PLANS).glob("*.json"))

    assert re.findall(r"AKIA[0-9A-Z]{16}|-----BEGIN (?:RSA |EC )?PRIVATE|AccountKey=|\"password\"", text) == []
