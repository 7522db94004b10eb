"""EKS: everything the issue asks of it, by exact values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.cluster.aws import EksCluster, EksNodeServices
from components.cluster.spec import EksSpec
from components.node_pools.aws import EksNodePool
from falaj.catalog.recipes import offered_minors
from falaj.catalog.tags import Stage
from tests.components.cluster.examples import ACCOUNT, ADMINISTRATORS, TAGS, aws_pool, eks_spec
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

SECRETS_KEY = f"arn:aws:kms:me-central-1:{ACCOUNT}:key/cluster-secrets"
LOG_KEY = f"arn:aws:kms:me-central-1:{ACCOUNT}:key/logs"
ROLES = f"arn:aws:iam::{ACCOUNT}:role/aws-me-central-1-prod"
CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"


def make(spec: EksSpec) -> EksCluster:
    return EksCluster(
        "cluster",
        spec,
        role=f"{ROLES}-control-plane",
        pod_network_role=f"{ROLES}-pod-network",
        subnets=["subnet-1", "subnet-2", "subnet-3"],
        control_plane_cidrs=["10.20.255.0/28", "10.20.255.16/28", "10.20.255.32/28"],
        secrets_key=SECRETS_KEY,
        log_key=LOG_KEY,
    )


def whole() -> None:
    spec = eks_spec(api_clients=("10.20.0.0/16",))
    cluster = make(spec)
    pool = EksNodePool(
        "cpu",
        aws_pool(),
        cluster_name=cluster.name,
        role=f"{ROLES}-nodes",
        subnets=["subnet-4", "subnet-5", "subnet-6"],
        security_group=cluster.security_group,
        disk_key=f"arn:aws:kms:me-central-1:{ACCOUNT}:key/node-disks",
        after=cluster.before_nodes,
    )
    EksNodeServices("services", spec, cluster_name=cluster.name, disks_role=f"{ROLES}-disks", pools=[pool.pool])


@pytest.fixture(scope="module")
def plan(module_run: Run) -> Plan:
    return module_run(whole)


@pytest.fixture(scope="module")
def settings(module_run: Run) -> dict[str, Any]:
    return module_run(whole, preview=True).of(CLUSTER, "cluster-cluster").inputs


def test_its_plan_equals_the_snapshot(run: Run) -> None:
    assert_golden("eks_cluster", run(whole, preview=True))


def test_the_api_server_has_no_public_address(settings: dict[str, Any]) -> None:
    assert settings["vpcConfig"] == {
        "subnetIds": ["subnet-1", "subnet-2", "subnet-3"],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
    }


def test_secrets_lie_under_our_key(settings: dict[str, Any]) -> None:
    assert settings["encryptionConfig"] == {"provider": {"keyArn": SECRETS_KEY}, "resources": ["secrets"]}


def test_everything_the_control_plane_can_log_is_logged(settings: dict[str, Any]) -> None:
    assert settings["enabledClusterLogTypes"] == ["api", "audit", "authenticator", "controllerManager", "scheduler"]


def test_the_log_group_is_made_first_under_our_key_and_is_protected(plan: Plan) -> None:
    group = plan.of("aws:cloudwatch/logGroup:LogGroup", "cluster-logs")

    assert group.inputs == {
        "name": "/aws/eks/aws-me-central-1-prod/cluster",
        "kmsKeyId": LOG_KEY,
        "retentionInDays": 1827,
        "deletionProtectionEnabled": True,
        "tags": {**TAGS, "stack": "aws-me-central-1-prod"},
    }
    assert group.protect
    assert group.urn in plan.of(CLUSTER, "cluster-cluster").dependencies


def test_logs_that_outlive_what_cloudwatch_counts_are_kept_for_ever(run: Run) -> None:
    plan = run(lambda: make(eks_spec(log_retention_days=9132)))

    assert plan.of("aws:cloudwatch/logGroup:LogGroup", "cluster-logs").inputs["retentionInDays"] == 0


def test_access_is_by_entries_alone_and_whoever_creates_it_gets_none(settings: dict[str, Any]) -> None:
    assert settings["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }


def test_each_administrator_has_an_entry_and_the_policy_that_the_provider_waits_for(run: Run) -> None:
    second = f"arn:aws:iam::{ACCOUNT}:role/deployment"
    plan = run(lambda: make(eks_spec(administrators=(ADMINISTRATORS, second))))

    entries = plan.typed("aws:eks/accessEntry:AccessEntry")
    policies = plan.typed("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert [(each.inputs["principalArn"], each.inputs["type"]) for each in entries] == [
        (second, "STANDARD"),
        (ADMINISTRATORS, "STANDARD"),
    ]
    assert [each.inputs for each in policies] == [
        {
            "clusterName": "aws-me-central-1-prod",
            "principalArn": administrator,
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            "accessScope": {"type": "cluster"},
        }
        for administrator in (second, ADMINISTRATORS)
    ]
    provider = plan.of("pulumi:providers:kubernetes", "cluster-provider")
    assert {each.urn for each in policies} <= {*provider.dependencies}


def test_removing_one_administrator_or_client_touches_no_other(run: Run) -> None:
    second = f"arn:aws:iam::{ACCOUNT}:role/teams/deployment"
    both = eks_spec(administrators=(ADMINISTRATORS, second), api_clients=("10.1.0.0/16", "10.2.0.0/16"))
    one = eks_spec(administrators=(second,), api_clients=("10.2.0.0/16",))

    before, after = run(lambda: make(both)).resources, run(lambda: make(one)).resources
    assert {*after} < {*before}
    assert {urn.rpartition("::")[2] for urn in {*before} - {*after}} == {
        f"cluster-administrator-{ACCOUNT}-platform-administrators",
        f"cluster-administration-{ACCOUNT}-platform-administrators",
        "cluster-client-10.1.0.0-16",
    }
    assert all(before[urn].inputs == after[urn].inputs for urn in after if before[urn].type.startswith("aws:"))


def test_nothing_runs_in_it_that_eks_does_not_keep(settings: dict[str, Any]) -> None:
    assert settings["bootstrapSelfManagedAddons"] is False


def test_the_deletion_of_a_protected_stage_is_refused_twice(plan: Plan, settings: dict[str, Any]) -> None:
    assert settings["deletionProtection"] is True
    assert plan.of(CLUSTER, "cluster-cluster").protect


def test_a_stage_for_development_can_be_thrown_away(run: Run) -> None:
    plan = run(lambda: make(eks_spec(stage=Stage.DEVELOPMENT)))

    cluster = plan.of(CLUSTER, "cluster-cluster")
    assert (cluster.inputs["deletionProtection"], cluster.protect) == (False, False)
    assert not plan.of("aws:cloudwatch/logGroup:LogGroup", "cluster-logs").protect


@pytest.mark.parametrize(("support", "expected"), [("standard", "STANDARD"), ("extended", "EXTENDED")])
def test_the_upgrade_policy_follows_the_support_that_is_paid_for(run: Run, support: str, expected: str) -> None:
    plan = run(lambda: make(eks_spec(support=support)))

    assert plan.of(CLUSTER, "cluster-cluster").inputs["upgradePolicy"] == {"supportType": expected}


def test_traffic_can_be_moved_out_of_a_zone(settings: dict[str, Any]) -> None:
    assert settings["zonalShiftConfig"] == {"enabled": True}


def test_services_have_the_addresses_asked_for(settings: dict[str, Any]) -> None:
    assert settings["kubernetesNetworkConfig"] == {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"}


def test_the_kubernetes_minor_is_the_one_asked_for(settings: dict[str, Any]) -> None:
    assert settings["version"] == "1.35"


def test_the_pod_network_enforces_policies_with_an_identity_of_its_own(plan: Plan) -> None:
    network = plan.of(ADDON, "cluster-vpc-cni").inputs

    assert json.loads(network["configurationValues"]) == {"enableNetworkPolicy": "true"}
    assert network["podIdentityAssociations"] == [{"serviceAccount": "aws-node", "roleArn": f"{ROLES}-pod-network"}]


def test_nodes_come_after_the_add_ons_they_need_and_before_those_that_need_them(plan: Plan) -> None:
    pool = plan.of("aws:eks/nodeGroup:NodeGroup", "cpu-nodes")
    before = {plan.of(ADDON, f"cluster-{name}").urn for name in ("vpc-cni", "kube-proxy", "pod-identity-agent")}

    assert before <= {*pool.dependencies}
    for name in ("coredns", "ebs"):
        assert pool.urn in plan.of(ADDON, f"services-{name}").dependencies


def test_names_are_resolved_on_the_system_pool_by_as_many_pods_as_are_needed(plan: Plan) -> None:
    assert json.loads(plan.of(ADDON, "services-coredns").inputs["configurationValues"]) == {
        "autoScaling": {"enabled": True},
        "nodeSelector": {"falaj.dev/pool": "system"},
    }


def test_disks_of_pods_are_made_with_an_identity_of_its_own(plan: Plan) -> None:
    disks = plan.of(ADDON, "services-ebs").inputs

    assert disks["addonName"] == "aws-ebs-csi-driver"
    assert disks["podIdentityAssociations"] == [
        {"serviceAccount": "ebs-csi-controller-sa", "roleArn": f"{ROLES}-disks"}
    ]


@pytest.mark.parametrize("minor", ["1.35", "1.36"])
def test_add_ons_have_the_versions_that_the_catalog_knows_for_the_minor(run: Run, minor: str) -> None:
    plan = run(lambda: make(eks_spec(kubernetes_version=minor)))

    known = offered_minors("eks")[minor].add_ons
    assert known
    for each in plan.typed(ADDON):
        assert each.inputs["addonVersion"] == known[each.inputs["addonName"]]


def test_eks_takes_its_own_version_where_the_catalog_knows_none(run: Run) -> None:
    plan = run(lambda: make(eks_spec(kubernetes_version="1.99")))

    assert [each.inputs.get("addonVersion") for each in plan.typed(ADDON)] == [None, None, None]


def test_clients_inside_the_network_reach_the_api_server_and_no_other_port(plan: Plan) -> None:
    (rule,) = plan.typed("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")

    reached = {key: rule.inputs[key] for key in ("cidrIpv4", "ipProtocol", "fromPort", "toPort")}
    assert reached == {"cidrIpv4": "10.20.0.0/16", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}


def test_the_provider_is_fixed_to_the_cluster_and_applies_on_the_server(plan: Plan) -> None:
    provider = plan.of("pulumi:providers:kubernetes", "cluster-provider").inputs

    assert provider["clusterIdentifier"] == f"eks/{ACCOUNT}/me-central-1/aws-me-central-1-prod"
    assert provider["enableServerSideApply"] == "true"
    assert provider["context"] == "aws-me-central-1-prod"


def test_the_kubeconfig_asks_for_a_token_and_holds_none(plan: Plan) -> None:
    kubeconfig = json.loads(plan.of("pulumi:providers:kubernetes", "cluster-provider").inputs["kubeconfig"])

    assert [each["user"] for each in kubeconfig["users"]] == [
        {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "aws",
                "args": [
                    "eks",
                    "get-token",
                    "--cluster-name",
                    "aws-me-central-1-prod",
                    "--region",
                    "me-central-1",
                    "--output",
                    "json",
                ],
                "env": [{"name": "AWS_STS_REGIONAL_ENDPOINTS", "value": "regional"}],
                "interactiveMode": "Never",
                "provideClusterInfo": False,
            }
        }
    ]
    assert kubeconfig["clusters"][0]["cluster"]["server"].startswith("https://")


def test_the_api_server_is_known_to_network_policies_before_it_exists(run: Run) -> None:
    seen: list[EksCluster] = []
    run(lambda: seen.append(make(eks_spec())), preview=True)

    assert seen[0].api_server.port == 443
    assert seen[0].api_server.peers == [
        {"ip_block": {"cidr": network}}
        for network in ("10.20.255.0/28", "10.20.255.16/28", "10.20.255.32/28", "172.20.0.1/32")
    ]


def test_every_resource_that_takes_tags_carries_them(plan: Plan) -> None:
    bare = {"aws:eks/accessPolicyAssociation:AccessPolicyAssociation"}
    made = [each for each in plan.resources.values() if each.type.startswith("aws:") and each.type not in bare]

    assert made
    for each in made:
        assert TAGS.items() <= each.inputs["tags"].items(), each.urn


def test_it_says_what_the_control_plane_moves_and_all_of_it_stays(plan: Plan) -> None:
    flows = plan.of("falaj:index:EksCluster", "cluster").inputs["dataFlows"]

    assert [(each["source"], each["sink"], each["channel"]) for each in flows] == [
        ("administrators", "kubernetes-api", "control"),
        ("kubernetes-api", "nodes", "control"),
        ("kubernetes-api", "keys", "control"),
        ("kubernetes-api", "logs", "log"),
        ("kubernetes-api", "aws/eks", "telemetry"),
        ("administrators", "aws/sts", "identity"),
        ("pods", "aws/eks-auth", "identity"),
        ("kubernetes-api", "aws/oidc-issuer", "identity"),
        ("nodes", "aws/eks-add-ons", "image_pull"),
    ]
    assert {(each["region"], each["encryption"]) for each in flows} == {("me-central-1", "tls")}
