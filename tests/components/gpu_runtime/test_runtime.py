"""What the runtime registers with the engine, and in which order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from components.gpu.runtime import GpuRuntime
from components.gpu.runtime_spec import GpuRuntimeSpec
from components.zero_trust.edges import End
from falaj.catalog.gpus import Sharing
from tests.components.conftest import Run
from tests.components.gpu_runtime.examples import MIRRORED, gpu, images, runtime
from tests.fakes.golden import assert_golden
from tests.fakes.monitor import Plan

API_SERVER = End(peers=[{"ip_block": {"cidr": "10.20.0.0/24"}}], port=443)
READERS = End(peers=[{"pod_selector": {"match_labels": {"app.kubernetes.io/name": "collector"}}}])
RELEASE = "kubernetes:helm.sh/v3:Release"
EDGES = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
AWS = runtime({"whole": gpu("eks-al2023-nvidia"), "parts": gpu("eks-bottlerocket-nvidia", Sharing.MIG)})
AZURE = runtime({"shared": gpu("aks-ubuntu-driver-install", Sharing.TIME_SLICING)})
BUILT = runtime({"built": gpu("eks-ubuntu-2404", Sharing.MIG)})


def made(spec: GpuRuntimeSpec, readers: End | None = READERS) -> Callable[[], None]:
    def program() -> None:
        GpuRuntime("gpu", spec, api_server=API_SERVER, metrics_readers=readers)

    return program


def names(plan: Plan, kind: str) -> list[str]:
    return [each.name for each in plan.typed(f"kubernetes:{kind}")]


@pytest.mark.parametrize(("name", "spec"), [("aws", AWS), ("azure", AZURE), ("built", BUILT)])
def test_equals_its_snapshot(run: Run, name: str, spec: GpuRuntimeSpec) -> None:
    assert_golden(f"gpu_runtime_{name}", run(made(spec), preview=True))


def test_the_operator_comes_from_a_chart_by_digest_without_its_definitions(run: Run) -> None:
    release = run(made(AWS)).of(RELEASE, "gpu-operator").inputs

    assert release["chart"] == f"oci://{MIRRORED}/gpu-operator@sha256:{'c' * 64}"
    assert release["version"] == "v26.3.3"
    assert (release["skipCrds"], release["atomic"]) == (True, True)
    assert (release["name"], release["namespace"]) == ("gpu-operator", "gpu-operator")
    assert "repositoryOpts" not in release
    assert release["values"]["driver"]["enabled"] is False


def test_definitions_come_first_then_settings_and_walls_then_the_operator(run: Run) -> None:
    plan = run(made(BUILT))
    before = {urn.rpartition("::")[2] for urn in plan.of(RELEASE, "gpu-operator").dependencies}

    assert {
        "gpu-definitions-apply",
        "gpu-edges-operator",
        "gpu-edges-discovery",
        "gpu-edges-operands",
        "gpu-counters",
        "gpu-layouts",
        "gpu-packages",
    } <= before
    assert "gpu-sharing" not in before


def test_labels_by_rule_wait_for_their_definition(run: Run) -> None:
    rule = run(made(AWS)).of("kubernetes:nfd.k8s-sigs.io/v1alpha1:NodeFeatureRule", "gpu-node-rules")

    assert "gpu-definitions-apply" in {urn.rpartition("::")[2] for urn in rule.dependencies}
    assert rule.inputs["metadata"]["name"] == "falaj-gpu"


@pytest.mark.parametrize(
    ("spec", "files"),
    [
        (AWS, ["nvidia.com_clusterpolicies.yaml", "nvidia.com_nvidiadrivers.yaml", "nfd-api-crds.yaml"]),
        (
            runtime({"gpu": gpu("eks-al2023-nvidia")}, "26.7.0"),
            [
                "nvidia.com_clusterpolicies.yaml",
                "nvidia.com_nvidiadrivers.yaml",
                "nvidia.com_gpuclusters.yaml",
                "nfd-api-crds.yaml",
            ],
        ),
    ],
)
def test_each_release_has_a_job_of_its_own_that_applies_its_definitions(
    run: Run, spec: GpuRuntimeSpec, files: list[str]
) -> None:
    job = run(made(spec)).of("kubernetes:batch/v1:Job", "gpu-definitions-apply").inputs
    (container,) = job["spec"]["template"]["spec"]["containers"]

    assert job["metadata"]["name"] == f"gpu-definitions-{spec.operator.replace('.', '-')}-00000000"
    assert container["command"] == ["/usr/bin/manage-crds"]
    assert container["args"] == ["apply", *(f"--filepath=/opt/gpu-operator/{file}" for file in files)]
    assert container["image"] == next(iter(images().values()))
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert job["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == spec.release.user


def test_the_account_that_registers_definitions_can_delete_none(run: Run) -> None:
    role = run(made(AWS)).of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "gpu-definitions-role")

    assert role.inputs["rules"] == [
        {
            "apiGroups": ["apiextensions.k8s.io"],
            "resources": ["customresourcedefinitions"],
            "verbs": ["create", "get", "update"],
        }
    ]


def test_only_this_namespace_lets_pods_have_the_powers_of_their_node(run: Run) -> None:
    (namespace,) = run(made(AWS)).typed("kubernetes:core/v1:Namespace")

    labels = namespace.inputs["metadata"]["labels"]
    assert namespace.inputs["metadata"]["name"] == "gpu-operator"
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
    assert labels["pod-security.kubernetes.io/enforce-version"] == "latest"
    assert labels["falaj.dev/role"] == "platform"


def test_the_namespace_is_bounded_by_the_machines_it_serves(run: Run) -> None:
    plan = run(made(AWS))
    (quota,) = plan.typed("kubernetes:core/v1:ResourceQuota")
    (limits,) = plan.typed("kubernetes:core/v1:LimitRange")

    assert quota.inputs["spec"]["hard"] == {
        "requests.cpu": "24",
        "requests.memory": "400Gi",
        "limits.memory": "400Gi",
        "pods": "86",
        "persistentvolumeclaims": "0",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
    (each,) = limits.inputs["spec"]["limits"]
    assert (each["type"], each["default"], each["defaultRequest"]) == (
        "Container",
        {"cpu": "2", "memory": "2Gi"},
        {"cpu": "20m", "memory": "64Mi"},
    )


def test_nothing_enters_or_leaves_but_what_the_flows_say(run: Run) -> None:
    plan = run(made(AWS))
    walls = {each.name: each.inputs["spec"] for each in plan.typed(EDGES)}

    assert walls["gpu-default-deny"]["podSelector"] == {}
    assert walls["gpu-default-deny"]["policyTypes"] == ["Ingress", "Egress"]
    to_api = [{"to": [{"ipBlock": {"cidr": "10.20.0.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}]
    for role in ("operator", "discovery", "gate"):
        assert walls[f"gpu-edges-{role}"]["egress"] == to_api, role
        assert walls[f"gpu-edges-{role}"]["ingress"] == [], role
    assert walls["gpu-edges-operands"]["egress"] == to_api
    assert walls["gpu-edges-operands"]["ingress"] == [
        {
            "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "collector"}}}],
            "ports": [{"protocol": "TCP", "port": 9400}],
        }
    ]


def test_where_nobody_collects_measurements_nobody_reaches_the_exporter(run: Run) -> None:
    plan = run(made(AWS, readers=None))

    assert plan.of(EDGES, "gpu-edges-operands").inputs["spec"]["ingress"] == []
    flows = plan.of("falaj:index:GpuRuntime", "gpu").inputs["dataFlows"]
    assert [flow for flow in flows if flow["channel"] == "metrics"] == []


def test_the_driver_reaches_the_mirror_of_packages_and_nothing_beyond(run: Run) -> None:
    egress = run(made(BUILT)).of(EDGES, "gpu-edges-operands").inputs["spec"]["egress"]

    assert [peer["ipBlock"]["cidr"] for rule in egress for peer in rule["to"]] == ["10.20.0.0/24", "10.60.0.10/32"]


def test_sharing_is_an_object_that_policies_can_read(run: Run) -> None:
    shared = run(made(AZURE)).of("kubernetes:core/v1:ConfigMap", "gpu-sharing").inputs

    assert shared["metadata"]["name"] == "gpu-sharing"
    assert sorted(shared["data"]) == ["not-shared", "time-slicing-4"]
    assert list(yaml.safe_load(shared["data"]["time-slicing-4"])["sharing"]) == ["timeSlicing"]


def test_gpus_are_hidden_by_us_only_where_the_image_shows_them(run: Run) -> None:
    assert names(run(made(AZURE)), "apps/v1:DaemonSet") == ["gpu-hardening"]
    assert names(run(made(AWS)), "apps/v1:DaemonSet") == []


def test_the_gate_waits_where_gpus_have_to_be_hidden_first(run: Run) -> None:
    def words(spec: GpuRuntimeSpec) -> list[str]:
        gate = run(made(spec)).of("kubernetes:apps/v1:Deployment", "gpu-gate").inputs
        (container,) = gate["spec"]["template"]["spec"]["containers"]
        found: list[str] = container["command"]
        return found

    assert words(AZURE) == ["python3", "-I", "/gate/gate.py", "shared"]
    assert words(AWS) == ["python3", "-I", "/gate/gate.py"]


def test_the_gates_account_is_held_before_the_gate_runs(run: Run) -> None:
    plan = run(made(AWS))
    gate = plan.of("kubernetes:apps/v1:Deployment", "gpu-gate")

    assert "gpu-gate-guard-binding" in {urn.rpartition("::")[2] for urn in gate.dependencies}
    role = plan.of("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "gpu-gate-role")
    assert [(rule["resources"], rule["verbs"]) for rule in role.inputs["rules"]] == [
        (["nodes"], ["list", "patch"]),
        (["pods"], ["list"]),
    ]


def test_what_it_puts_out(run: Run) -> None:
    assert run(made(AZURE)).of("falaj:index:GpuRuntime", "gpu").outputs == {
        "namespace": "gpu-operator",
        "runtimeClass": "nvidia-container-runtime",
    }
