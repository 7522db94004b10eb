"""AKS: everything the issue asks of it, by exact values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.cluster.azure import AksCluster
from components.cluster.spec import AksSpec
from components.network.spec import Egress
from components.node_pools.azure import AksNodePool
from components.node_pools.spec import NodeOs
from falaj.catalog.tags import Stage
from policies.controls import load
from policies.evaluator import Verdict, evaluate
from policies.node import Node
from policies.resources import Resource
from tests.components.cluster.examples import (
    CONTROL_PLANE,
    DIRECTORY,
    GROUP,
    KUBELET,
    SUBSCRIPTION,
    TAGS,
    aks_spec,
    azure_pool,
    own_part,
    record_ignored,
)
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

GROUP_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/azure-uaenorth-prod-group/providers"
NETWORK = f"{GROUP_ID}/Microsoft.Network/virtualNetworks/network/subnets"
ZONE = f"{GROUP_ID}/Microsoft.Network/privateDnsZones/private.uaenorth.azmk8s.io"
VAULT = f"{GROUP_ID}/Microsoft.KeyVault/vaults/keys"
KEY = "https://keys.vault.azure.net/keys/cluster-secrets/0123456789abcdef0123456789abcdef"
DISKS = f"{GROUP_ID}/Microsoft.Compute/diskEncryptionSets/disks"
REGISTRY = f"{GROUP_ID}/Microsoft.ContainerRegistry/registries/registry"
WORKSPACE = f"{GROUP_ID}/Microsoft.OperationalInsights/workspaces/logs"
CLUSTER = "azure-native:containerservice:ManagedCluster"
ASSIGNMENT = "azure-native:authorization:RoleAssignment"
RESERVATIONS = "providers/Microsoft.Compute/capacityReservationGroups"


def make(spec: AksSpec) -> AksCluster:
    return AksCluster(
        "cluster",
        spec,
        resource_group="azure-uaenorth-prod-group",
        control_plane_identity=CONTROL_PLANE,
        kubelet_identity=KUBELET,
        node_subnet=f"{NETWORK}/nodes",
        api_server_subnet=f"{NETWORK}/api-server",
        api_server_cidr="10.30.255.0/28",
        disk_encryption_set=DISKS,
        kms_key=KEY,
        kms_vault_id=VAULT,
        registry_id=REGISTRY,
        workspace_id=WORKSPACE,
        dns_zone_id=ZONE,
    )


def whole() -> None:
    cluster = make(aks_spec())
    AksNodePool(
        "cpu",
        azure_pool(),
        resource_group="azure-uaenorth-prod-group",
        cluster_name=cluster.name,
        subnet=f"{NETWORK}/nodes",
    )
    AksNodePool(
        "system",
        azure_pool(pool="system", role="system"),
        resource_group="azure-uaenorth-prod-group",
        cluster_name=cluster.name,
        subnet=f"{NETWORK}/nodes",
    )


def settings_of(plan: Plan) -> dict[str, Any]:
    return plan.of(CLUSTER, "cluster-cluster").inputs


@pytest.fixture(scope="module")
def plan(module_run: Run) -> Plan:
    return module_run(whole)


@pytest.fixture(scope="module")
def settings(module_run: Run) -> dict[str, Any]:
    return settings_of(module_run(whole, preview=True))


def test_its_plan_equals_the_snapshot(run: Run) -> None:
    assert_golden("aks_cluster", own_part(run(whole, preview=True)))


def test_the_api_server_lies_in_our_subnet_under_a_private_name(settings: dict[str, Any]) -> None:
    assert settings["apiServerAccessProfile"] == {
        "enablePrivateCluster": True,
        "enablePrivateClusterPublicFQDN": False,
        "enableVnetIntegration": True,
        "subnetId": f"{NETWORK}/api-server",
        "privateDNSZone": ZONE,
        "disableRunCommand": True,
    }
    assert settings["fqdnSubdomain"] == "azure-uaenorth-prod"
    assert "dnsPrefix" not in settings


def test_public_access_is_not_named_because_azure_refuses_it_beside_a_route_of_our_own(
    settings: dict[str, Any],
) -> None:
    assert "publicNetworkAccess" not in settings


def test_nobody_signs_in_but_users_of_the_directory_by_azures_roles(settings: dict[str, Any]) -> None:
    assert settings["disableLocalAccounts"] is True
    assert settings["enableRBAC"] is True
    assert settings["aadProfile"] == {"managed": True, "enableAzureRBAC": True, "tenantID": DIRECTORY}
    assert "linuxProfile" not in settings
    assert "servicePrincipalProfile" not in settings


def test_it_acts_as_our_own_identities(settings: dict[str, Any]) -> None:
    assert settings["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [CONTROL_PLANE.id]}
    assert settings["identityProfile"] == {
        "kubeletidentity": {
            "resourceId": KUBELET.id,
            "clientId": "client-nodes",
            "objectId": "principal-nodes",
        }
    }


def test_workloads_prove_who_they_are_without_a_secret(settings: dict[str, Any]) -> None:
    assert settings["oidcIssuerProfile"] == {"enabled": True}
    assert settings["securityProfile"]["workloadIdentity"] == {"enabled": True}


def test_secrets_lie_under_our_key_in_a_vault_without_public_access(settings: dict[str, Any]) -> None:
    assert settings["securityProfile"]["azureKeyVaultKms"] == {
        "enabled": True,
        "keyId": KEY,
        "keyVaultNetworkAccess": "Private",
        "keyVaultResourceId": VAULT,
    }


def test_images_that_nothing_runs_leave_the_nodes(settings: dict[str, Any]) -> None:
    assert settings["securityProfile"]["imageCleaner"] == {"enabled": True, "intervalHours": 168}


def test_disks_lie_under_our_key_and_hosts_encrypt(settings: dict[str, Any]) -> None:
    assert settings["diskEncryptionSetID"] == DISKS
    assert [pool["enableEncryptionAtHost"] for pool in settings["agentPoolProfiles"]] == [True]


def test_pods_are_kept_apart_by_cilium_in_an_overlay(settings: dict[str, Any]) -> None:
    assert settings["networkProfile"] == {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkDataplane": "cilium",
        "networkPolicy": "cilium",
        "outboundType": "userDefinedRouting",
        "loadBalancerSku": "standard",
        "ipFamilies": ["IPv4"],
        "podCidr": "100.64.0.0/14",
        "serviceCidr": "172.20.0.0/16",
        "dnsServiceIP": "172.20.0.10",
    }


@pytest.mark.parametrize(
    ("egress", "outbound"),
    [
        (Egress.NONE, "none"),
        (Egress.FIREWALL, "userDefinedRouting"),
        (Egress.NAT, "userAssignedNATGateway"),
    ],
)
def test_the_way_out_is_the_networks_own(run: Run, egress: Egress, outbound: str) -> None:
    plan = run(lambda: make(aks_spec(egress=egress)))

    assert settings_of(plan)["networkProfile"]["outboundType"] == outbound


def test_nodes_start_from_our_own_registry(settings: dict[str, Any]) -> None:
    assert settings["bootstrapProfile"] == {"artifactSource": "Cache", "containerRegistryId": REGISTRY}


def test_nobody_changes_its_machines_behind_its_back(settings: dict[str, Any]) -> None:
    assert settings["nodeResourceGroupProfile"] == {"restrictionLevel": "ReadOnly"}
    assert settings["nodeResourceGroup"] == "azure-uaenorth-prod-nodes"


def test_pods_get_disks_and_no_shares_that_need_an_account_key(settings: dict[str, Any]) -> None:
    assert settings["storageProfile"] == {
        "diskCSIDriver": {"enabled": True},
        "snapshotController": {"enabled": True},
        "fileCSIDriver": {"enabled": False},
        "blobCSIDriver": {"enabled": False},
    }


def test_patches_come_by_themselves_and_minors_by_us(settings: dict[str, Any]) -> None:
    assert settings["kubernetesVersion"] == "1.34"
    assert settings["autoUpgradeProfile"] == {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"}


def test_azure_works_on_it_on_the_weekend_at_night_and_at_no_other_time(plan: Plan) -> None:
    windows = plan.typed("azure-native:containerservice:MaintenanceConfiguration")

    assert [each.inputs["configName"] for each in windows] == [
        "aksManagedAutoUpgradeSchedule",
        "aksManagedNodeOSUpgradeSchedule",
        "default",
    ]
    for each in windows:
        assert each.inputs["maintenanceWindow"] == {
            "schedule": {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}},
            "startTime": "01:00",
            "durationHours": 6,
            "utcOffset": "+04:00",
        }


@pytest.mark.parametrize(
    ("stage", "support", "tier", "plan_name"),
    [
        (Stage.PRODUCTION, "standard", "Standard", "KubernetesOfficial"),
        (Stage.RECOVERY, "standard", "Standard", "KubernetesOfficial"),
        (Stage.DEVELOPMENT, "standard", "Free", "KubernetesOfficial"),
        (Stage.PRODUCTION, "extended", "Premium", "AKSLongTermSupport"),
    ],
)
def test_the_tier_follows_the_stage_and_the_support(
    run: Run, stage: Stage, support: str, tier: str, plan_name: str
) -> None:
    plan = run(lambda: make(aks_spec(stage=stage, support=support)))

    assert settings_of(plan)["sku"] == {"name": "Base", "tier": tier}
    assert settings_of(plan)["supportPlan"] == plan_name


def test_it_starts_with_one_system_machine_that_is_never_rebuilt(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ignored = record_ignored(monkeypatch)
    (pool,) = settings_of(run(whole))["agentPoolProfiles"]

    assert {key: pool[key] for key in ("name", "mode", "vmSize", "count", "enableAutoScaling", "nodeTaints")} == {
        "name": "first",
        "mode": "System",
        "vmSize": "Standard_D4s_v5",
        "count": 1,
        "enableAutoScaling": False,
        "nodeTaints": ["CriticalAddonsOnly=true:NoSchedule"],
    }
    follows = {"name", "count", "enableAutoScaling", "scaleDownMode", "orchestratorVersion", "upgradeSettings"}
    follows |= {"nodeLabels", "tags"}
    assert ignored["cluster-cluster"] == tuple(f"agentPoolProfiles[0].{name}" for name in sorted({*pool} - follows))


def test_a_first_pool_that_was_removed_is_not_named_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ignored = record_ignored(monkeypatch)

    assert "agentPoolProfiles" not in settings_of(run(lambda: make(aks_spec(first_pool=None))))
    assert ignored["cluster-cluster"] == ()


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": ("Standard_D8s_v5",)},
        {"disk_gib": 256},
        {"zones": ("1",)},
        {"os": NodeOs.UBUNTU},
        {"minimum": 5},
        {"pool": "other"},
    ],
    ids=str,
)
def test_no_change_of_the_system_pool_renames_the_first_or_counts_it_again(run: Run, change: dict[str, Any]) -> None:
    system = azure_pool(**({"pool": "system", "role": "system"} | change))
    (pool,) = settings_of(run(lambda: make(aks_spec(first_pool=system))))["agentPoolProfiles"]

    assert (pool["name"], pool["count"], "minCount" in pool, "maxCount" in pool) == ("first", 1, False, False)
    assert pool["nodeLabels"]["falaj.dev/pool-name"] == "first"


def test_its_identity_may_use_our_network_zone_and_nodes_identity_before_it_exists(plan: Plan) -> None:
    role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    expected = {
        "cluster-control-plane-network": (
            "4d97b98b-1d4f-4787-a291-c67834d212e7",
            f"{GROUP_ID}/Microsoft.Network/virtualNetworks/network",
        ),
        "cluster-control-plane-dns-zone": ("b12aa53e-6015-4669-85d0-8515ebb3ae7f", ZONE),
        "cluster-control-plane-kubelet": ("f1a07417-d97a-45cb-824c-7a7467783830", KUBELET.id),
    }
    for name, (definition, scope) in expected.items():
        assignment = plan.of(ASSIGNMENT, name)
        granted = {key: value for key, value in assignment.inputs.items() if key != "roleAssignmentName"}
        assert granted == {
            "principalId": "principal-control-plane",
            "principalType": "ServicePrincipal",
            "roleDefinitionId": f"{role}/{definition}",
            "scope": scope,
        }
        assert assignment.urn in plan.of(CLUSTER, "cluster-cluster").dependencies


def test_it_may_start_machines_in_reservations_where_each_lies_and_nowhere_else(run: Run) -> None:
    groups = [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{name}" for name in ("gpus", "more")]
    held = tuple(f"{group}/{RESERVATIONS}/{name}" for group, name in zip((*groups, groups[0]), "acb", strict=True))

    plan = run(lambda: make(aks_spec(reservations=held)))

    found = [each for each in plan.typed(ASSIGNMENT) if "reservations" in each.name]
    assert sorted(each.inputs["scope"] for each in found) == groups
    assert {each.inputs["roleDefinitionId"].rpartition("/")[2] for each in found} == {
        "b24988ac-6180-42a0-ab88-20f7382dd24c"
    }
    assert {each.urn for each in found} <= {*plan.of(CLUSTER, "cluster-cluster").dependencies}


@pytest.mark.parametrize(
    ("scope", "verdict"),
    [
        (f"/subscriptions/{SUBSCRIPTION}/resourceGroups/gpus", Verdict.PASS),
        (f"/subscriptions/{SUBSCRIPTION}", Verdict.FAIL),
    ],
)
def test_the_role_it_gets_beside_reservations_is_judged_as_any_other(run: Run, scope: str, verdict: Verdict) -> None:
    held = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/gpus/{RESERVATIONS}/a"
    plan = run(lambda: make(aks_spec(reservations=(held,))), preview=True)
    (found,) = [each for each in plan.typed(ASSIGNMENT) if "reservations" in each.name]
    (owns_no_subscription,) = [control for control in load() if control.id == "IAM-007"]

    granted = Resource(found.type, found.urn, Node({**found.inputs, "scope": scope}))

    assert found.inputs["scope"].rpartition("/")[2] == "gpus"
    assert [each.verdict for each in evaluate([granted], controls=[owns_no_subscription])] == [verdict]


@pytest.mark.parametrize("group", ["azure-uaenorth-prod-group", "Azure-UAENorth-prod-nodes"])
def test_a_reservation_beside_what_is_ours_is_refused(group: str) -> None:
    held = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/{RESERVATIONS}/a"

    with pytest.raises(ValidationError) as refused:
        aks_spec(reservations=(held,))

    assert refused.value.errors()[0]["msg"] == (
        f"Value error, found resource group {group}, which is the environment's own, allowed: one that holds "
        "reservations alone; the cluster's identity becomes its Contributor, which keys and stores are not for "
        "(control IAM-007)."
    )


def test_pools_with_gpus_are_tried_in_order_and_others_by_what_they_waste(run: Run) -> None:
    with_gpus = settings_of(run(lambda: make(aks_spec(gpu_minutes=12))))["autoScalerProfile"]
    without = settings_of(run(lambda: make(aks_spec())))["autoScalerProfile"]

    assert (with_gpus["expander"], with_gpus["maxNodeProvisionTime"]) == ("priority", "12m")
    assert (without["expander"], "maxNodeProvisionTime" in without) == ("least-waste", False)


def test_administrators_are_groups_with_two_roles_on_this_cluster_that_the_provider_waits_for(plan: Plan) -> None:
    found = [each for each in plan.typed(ASSIGNMENT) if each.inputs["principalType"] == "Group"]

    assert {each.inputs["roleDefinitionId"].rpartition("/")[2] for each in found} == {
        "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
        "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
    }
    assert {each.inputs["principalId"] for each in found} == {GROUP}
    provider = plan.of("pulumi:providers:kubernetes", "cluster-provider")
    assert {each.urn for each in found} <= {*provider.dependencies}


def test_assignments_have_the_same_names_in_every_plan_and_no_two_share_one(plan: Plan, run: Run) -> None:
    names = [each.inputs["roleAssignmentName"] for each in plan.typed(ASSIGNMENT)]

    assert len({*names}) == len(names) == 5
    assert [each.inputs["roleAssignmentName"] for each in run(whole, preview=True).typed(ASSIGNMENT)] == names


def test_removing_one_administrator_touches_no_other(run: Run) -> None:
    second = "00000000-0000-4000-8000-00000000000c"
    before = run(lambda: make(aks_spec(administrators=(GROUP, second)))).resources
    after = run(lambda: make(aks_spec(administrators=(second,)))).resources

    assert {urn.rpartition("::")[2] for urn in {*before} - {*after}} == {
        f"cluster-administrator-{GROUP}-objects",
        f"cluster-administrator-{GROUP}-credentials",
    }
    assert all(before[urn].inputs == after[urn].inputs for urn in after if before[urn].type == ASSIGNMENT)


def test_everything_it_logs_goes_to_our_workspace(plan: Plan) -> None:
    (setting,) = plan.typed("azure-native:monitor:DiagnosticSetting")

    assert setting.inputs["workspaceId"] == WORKSPACE
    assert setting.inputs["logs"] == [{"categoryGroup": "allLogs", "enabled": True}]


def test_a_protected_stage_is_protected_and_one_for_development_is_not(plan: Plan, run: Run) -> None:
    assert plan.of(CLUSTER, "cluster-cluster").protect
    assert not run(lambda: make(aks_spec(stage=Stage.DEVELOPMENT))).of(CLUSTER, "cluster-cluster").protect


def test_the_provider_is_fixed_to_the_cluster_and_applies_on_the_server(plan: Plan) -> None:
    provider = plan.of("pulumi:providers:kubernetes", "cluster-provider").inputs

    assert provider["clusterIdentifier"] == f"aks/{SUBSCRIPTION}/uaenorth/azure-uaenorth-prod"
    assert provider["enableServerSideApply"] == "true"


def test_the_kubeconfig_asks_for_a_token_and_holds_none(plan: Plan) -> None:
    kubeconfig = json.loads(plan.of("pulumi:providers:kubernetes", "cluster-provider").inputs["kubeconfig"])

    assert [each["user"]["exec"]["args"] for each in kubeconfig["users"]] == [
        [
            "get-token",
            "--login",
            "azurecli",
            "--server-id",
            "6dae42f8-4368-4678-94ff-3960e28e3630",
            "--tenant-id",
            DIRECTORY,
        ]
    ]
    assert [each["user"]["exec"]["command"] for each in kubeconfig["users"]] == ["kubelogin"]
    assert kubeconfig["clusters"][0]["cluster"]["server"].startswith("https://")
    assert kubeconfig["clusters"][0]["cluster"]["server"].endswith(":443")


def test_the_api_server_is_known_to_network_policies_before_it_exists(run: Run) -> None:
    seen: list[AksCluster] = []
    run(lambda: seen.append(make(aks_spec())), preview=True)

    assert seen[0].api_server.port == 443
    assert seen[0].api_server.peers == [
        {"ip_block": {"cidr": "10.30.255.0/28"}},
        {"ip_block": {"cidr": "172.20.0.1/32"}},
    ]


def test_cluster_and_pools_carry_tags_and_lie_in_the_region(plan: Plan, settings: dict[str, Any]) -> None:
    assert settings["tags"] == {**TAGS, "stack": "azure-uaenorth-prod"}
    assert settings["location"] == "uaenorth"
    (pool,) = settings["agentPoolProfiles"]
    assert pool["tags"] == settings["tags"]
    assert plan.of("azure-native:containerservice:AgentPool", "cpu-nodes").inputs["tags"] == settings["tags"]


def test_it_says_what_the_control_plane_moves(plan: Plan) -> None:
    flows = plan.of("falaj:index:AksCluster", "cluster").inputs["dataFlows"]

    assert [(each["source"], each["sink"], each["channel"], each["region"]) for each in flows] == [
        ("administrators", "kubernetes-api", "control", "uaenorth"),
        ("kubernetes-api", "nodes", "control", "uaenorth"),
        ("kubernetes-api", "keys", "control", "uaenorth"),
        ("kubernetes-api", "logs", "log", "uaenorth"),
        ("kubernetes-api", "azure/aks", "telemetry", "uaenorth"),
        ("administrators", "azure/entra-id", "identity", "global"),
        ("kubernetes-api", "azure/entra-id", "identity", "global"),
        ("kubernetes-api", "azure/oidc-issuer", "identity", "uaenorth"),
        ("nodes", "registry", "image_pull", "uaenorth"),
    ]
    assert {each["encryption"] for each in flows} == {"tls"}
