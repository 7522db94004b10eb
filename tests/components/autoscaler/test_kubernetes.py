"""The cluster autoscaler in the cluster: what it is started with, what it may do, what it reaches."""

from __future__ import annotations

from typing import Any

import pytest

from components.autoscaler.names import POD_IDENTITY_END
from tests.components.autoscaler.examples import CLUSTER, ENDPOINTS, IMAGE, make
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
RBAC = "kubernetes:rbac.authorization.k8s.io/v1"
READ = ["get", "list", "watch"]


def planned(run: Run, **fields: Any) -> Plan:  # noqa: ANN401 - what the model takes
    return run(lambda: make(**fields))


def pod_of(plan: Plan) -> dict[str, Any]:
    pod: dict[str, Any] = plan.of(DEPLOYMENT, "cluster-autoscaler-pods").inputs["spec"]["template"]["spec"]
    return pod


def container_of(plan: Plan) -> dict[str, Any]:
    (container,) = pod_of(plan)["containers"]
    found: dict[str, Any] = container
    return found


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot_in_an_update_and_in_a_preview(run: Run, *, preview: bool) -> None:
    assert_golden("cluster_autoscaler_preview" if preview else "cluster_autoscaler", run(make, preview=preview))


def test_it_finds_the_pools_of_its_cluster_alone_and_asks_nobody_for_sizes(run: Run) -> None:
    container = container_of(planned(run))

    assert (container["image"], container["command"]) == (IMAGE, ["/cluster-autoscaler"])
    assert container["args"] == [
        "--cloud-provider=aws",
        "--namespace=falaj-autoscaler",
        (f"--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{CLUSTER}"),
        "--aws-use-static-instance-list=true",
        "--expander=priority,least-waste",
        "--startup-taint=falaj.dev/gpu-not-ready",
        "--balance-similar-node-groups=false",
        "--skip-nodes-with-local-storage=false",
        "--leader-elect=true",
        "--logging-format=json",
        "--v=2",
    ]
    assert container["env"] == [
        {"name": "AWS_REGION", "value": "me-central-1"},
        {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"},
    ]


def test_where_no_pool_has_gpus_there_is_no_order_to_read(run: Run) -> None:
    assert "--expander=least-waste" in container_of(planned(run, in_order=False))["args"]


def test_one_of_two_leads_on_machines_that_tenants_do_not_fill(run: Run) -> None:
    plan = planned(run)
    pod = pod_of(plan)

    assert plan.of(DEPLOYMENT, "cluster-autoscaler-pods").inputs["spec"]["replicas"] == 2
    assert pod["nodeSelector"] == {"falaj.dev/pool": "system"}
    assert pod["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists", "effect": "NoSchedule"}]
    assert pod["priorityClassName"] == "system-cluster-critical"
    assert [each["topologyKey"] for each in pod["topologySpreadConstraints"]] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    budget = plan.of("kubernetes:policy/v1:PodDisruptionBudget", "cluster-autoscaler-disruption").inputs["spec"]
    assert budget == {
        "maxUnavailable": 1,
        "selector": {
            "matchLabels": {
                "app.kubernetes.io/name": "cluster-autoscaler",
                "app.kubernetes.io/component": "cluster-autoscaler",
            }
        },
    }


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_it_answers_probes_where_the_program_listens(run: Run, probe: str) -> None:
    container = container_of(planned(run))

    assert container[probe]["httpGet"] == {"path": "/health-check", "port": "health", "scheme": "HTTP"}
    assert container["ports"] == [{"name": "health", "containerPort": 8085, "protocol": "TCP"}]


def test_it_gets_its_role_because_that_is_there_before_its_pods(run: Run) -> None:
    before = {urn.rpartition("::")[2] for urn in planned(run).of(DEPLOYMENT, "cluster-autoscaler-pods").dependencies}

    assert {"autoscaler-association", "cluster-autoscaler-edges", "cluster-autoscaler-guard-binding"} <= before


def test_its_rights_in_the_cluster_are_these_and_no_more(run: Run) -> None:
    rules = planned(run).of(f"{RBAC}:ClusterRole", "cluster-autoscaler-role").inputs["rules"]

    assert [(*rule["apiGroups"], rule["resources"], rule["verbs"]) for rule in rules] == [
        ("", ["events"], ["create", "patch"]),
        ("", ["pods/eviction"], ["create"]),
        ("", ["nodes"], [*READ, "update"]),
        (
            "",
            [
                "namespaces",
                "persistentvolumeclaims",
                "persistentvolumes",
                "pods",
                "replicationcontrollers",
                "services",
            ],
            READ,
        ),
        ("apps", ["daemonsets", "replicasets", "statefulsets"], READ),
        ("batch", ["jobs"], READ),
        ("policy", ["poddisruptionbudgets"], READ),
        ("resource.k8s.io", ["deviceclasses", "resourceclaims", "resourceslices"], READ),
        (
            "storage.k8s.io",
            ["csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"],
            READ,
        ),
    ]


def test_what_it_writes_down_it_writes_in_its_own_namespace(run: Run) -> None:
    plan = planned(run)
    role = plan.of(f"{RBAC}:Role", "cluster-autoscaler-room-role").inputs
    binding = plan.of(f"{RBAC}:RoleBinding", "cluster-autoscaler-room-binding").inputs

    assert role["metadata"]["namespace"] == "falaj-autoscaler"
    assert [(rule["resources"], rule.get("resourceNames"), rule["verbs"]) for rule in role["rules"]] == [
        (["leases"], None, ["create"]),
        (["leases"], ["cluster-autoscaler"], ["get", "update"]),
        (["configmaps"], None, ["create", "list", "watch"]),
        (["configmaps"], ["cluster-autoscaler-status"], ["delete", "get", "update"]),
    ]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "cluster-autoscaler", "namespace": "falaj-autoscaler"}
    ]


def test_it_reaches_the_api_server_aws_in_the_network_and_its_nodes_agent(run: Run) -> None:
    edges = planned(run).of("kubernetes:networking.k8s.io/v1:NetworkPolicy", "cluster-autoscaler-edges").inputs

    assert edges["spec"]["ingress"] == []
    assert edges["spec"]["egress"] == [
        {"to": [{"ipBlock": {"cidr": "10.20.216.0/28"}}], "ports": [{"protocol": "TCP", "port": 443}]},
        {
            "to": [{"ipBlock": {"cidr": network}} for network in ENDPOINTS],
            "ports": [{"protocol": "TCP", "port": 443}],
        },
        {"to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "ports": [{"protocol": "TCP", "port": 80}]},
    ]


def test_it_says_what_it_moves_and_none_of_it_leaves_the_region(run: Run) -> None:
    flows = planned(run).of("falaj:index:ClusterAutoscaler", "cluster-autoscaler").inputs["dataFlows"]

    assert [(flow["sink"], flow["channel"], flow["encryption"]) for flow in flows] == [
        ("kubernetes-api", "https", "tls"),
        ("aws/autoscaling", "control", "tls"),
        ("aws/ec2", "control", "tls"),
        ("aws/eks", "control", "tls"),
        (POD_IDENTITY_END, "identity", "node"),
        ("node/logs", "log", "node"),
    ]
    assert {flow["region"] for flow in flows} == {"me-central-1"}


def test_what_it_puts_out(run: Run) -> None:
    assert planned(run).of("falaj:index:ClusterAutoscaler", "cluster-autoscaler").outputs == {
        "namespace": "falaj-autoscaler"
    }
