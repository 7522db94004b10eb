from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError
from triton_server.options import parse

from components.serving.triton import TritonServer
from components.serving.triton_spec import GpuRequest, TritonServerSpec
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tiers import tiers
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden

IMAGE = f"falaj.local/triton@sha256:{'c' * 64}"
MODEL = f"falaj.local/models/iris@sha256:{'d' * 64}"
MIG = "nvidia.com/mig-2g.20gb"


def spec(**changes: Any) -> TritonServerSpec:  # noqa: ANN401 - any field
    tier = tiers()["enterprise"]
    fields: dict[str, Any] = {
        "endpoint": "iris",
        "tenant": "acme",
        "namespace": "tenant-acme",
        "tier": "enterprise",
        "owner": "risk",
        "region": "local",
        "data_class": DataClass.FINANCIAL,
        "image": IMAGE,
        "model": MODEL,
        "pull_policy": "Never",
        "model_pull_policy": "Never",
        "replicas": 2,
        "resources": tier.resources,
        "disruption": tier.disruption,
        "spread": tier.spread,
    }
    return TritonServerSpec.model_validate({**fields, **changes})


def serve(**changes: Any) -> None:  # noqa: ANN401 - any field
    TritonServer(
        "acme-iris",
        spec(**changes),
        namespace="tenant-acme",
        gateway="gateway",
        host_suffix="acme.local.falaj.internal",
    )


def deployment(run: Run, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    plan = run(lambda: serve(**changes))
    found: dict[str, Any] = plan.of("kubernetes:apps/v1:Deployment", "acme-iris-server").inputs["spec"]
    return found


def pod_of(run: Run, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    found: dict[str, Any] = deployment(run, **changes)["template"]["spec"]
    return found


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot_in_an_update_and_in_a_preview(run: Run, *, preview: bool) -> None:
    assert_golden("triton_server", run(lambda: serve(gpu={"resource": MIG}, own_machines=True), preview=preview))


def test_the_pod_is_restricted_and_writes_only_to_volumes_of_its_own(run: Run) -> None:
    pod = pod_of(run)
    (container,) = pod["containers"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsUser"] == 65532
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
    assert container["volumeMounts"] == [
        {"name": "model", "mountPath": "/models", "readOnly": True},
        {"name": "work", "mountPath": "/work"},
        {"name": "shared-memory", "mountPath": "/dev/shm"},
        {"name": "tmp", "mountPath": "/tmp"},
    ]
    assert pod["volumes"] == [
        {"name": "model", "image": {"reference": MODEL, "pullPolicy": "Never"}},
        {"name": "work", "emptyDir": {"sizeLimit": "2Gi"}},
        {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]


def test_the_image_understands_what_it_is_told(run: Run) -> None:
    digest = f"sha256:{'e' * 64}"
    (container,) = pod_of(run, manifest_digest=digest)["containers"]

    told = parse(["--models", "/models", "--work", "/work", *container["args"]])

    assert told.manifest_digests == {digest}
    assert told.grace_seconds == 20
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": told.http_port, "grpc": told.grpc_port, "metrics": told.metrics_port}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert (mounts["model"], mounts["work"]) == (str(told.models), str(told.work))


def test_a_leaving_pod_answers_until_every_gateway_knows(run: Run) -> None:
    pod = pod_of(run)

    assert pod["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}
    assert pod["terminationGracePeriodSeconds"] > 10 + 20


def test_without_gpus_it_asks_for_none_and_runs_anywhere(run: Run) -> None:
    pod = pod_of(run)

    assert not [name for kind in pod["containers"][0]["resources"].values() for name in kind if "nvidia" in name]
    assert "nodeSelector" not in pod
    assert "tolerations" not in pod


@pytest.mark.parametrize(
    ("gpu", "asked", "selected"),
    [
        ({}, {"nvidia.com/gpu": "1"}, {"falaj.dev/pool": "gpu"}),
        (
            {"count": 4, "family": "l4"},
            {"nvidia.com/gpu": "4"},
            {"falaj.dev/pool": "gpu", "falaj.dev/gpu-family": "l4"},
        ),
        ({"resource": MIG}, {MIG: "1"}, {"falaj.dev/pool": "gpu"}),
    ],
)
def test_gpus_are_asked_for_by_name_and_the_pod_goes_where_they_are(
    run: Run, gpu: dict[str, Any], asked: dict[str, str], selected: dict[str, str]
) -> None:
    pod = pod_of(run, gpu=gpu)

    resources = pod["containers"][0]["resources"]
    for kind in ("requests", "limits"):
        assert {name: quantity for name, quantity in resources[kind].items() if "nvidia" in name} == asked
        assert resources[kind]["memory"]
    assert pod["nodeSelector"] == selected
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]
    assert not [each for each in pod["containers"][0]["env"] if "NVIDIA" in each["name"]]


def test_machines_of_the_tenants_own_are_asked_for_beside_gpus(run: Run) -> None:
    pod = pod_of(run, gpu={}, own_machines=True)

    assert pod["nodeSelector"] == {"falaj.dev/tenant": "acme", "falaj.dev/pool": "gpu"}
    assert [each["key"] for each in pod["tolerations"]] == ["falaj.dev/tenant", "nvidia.com/gpu"]


@pytest.mark.parametrize(
    ("rollout", "strategy"),
    [
        ("surge", {"maxSurge": 1, "maxUnavailable": 0}),
        ("replace", {"maxSurge": 0, "maxUnavailable": 1}),
    ],
)
def test_pods_are_exchanged_as_the_gpus_allow(run: Run, rollout: str, strategy: dict[str, int]) -> None:
    found = deployment(run, rollout=rollout)

    assert found["strategy"] == {"type": "RollingUpdate", "rollingUpdate": strategy}
    assert found["progressDeadlineSeconds"] == 900
    assert found["template"]["spec"]["containers"][0]["startupProbe"]["failureThreshold"] == 900


def test_the_walls_stand_before_the_first_pod_and_metrics_are_reached_by_nobody(run: Run) -> None:
    plan = run(serve)

    made = plan.of("kubernetes:apps/v1:Deployment", "acme-iris-server")
    assert [urn.rpartition("::")[2] for urn in made.dependencies] == ["acme-iris-edges"]
    edges = plan.of("kubernetes:networking.k8s.io/v1:NetworkPolicy", "acme-iris-edges").inputs["spec"]
    assert [port["port"] for rule in edges["ingress"] for port in rule["ports"]] == [8080, 8081]
    assert edges["egress"] == []


def test_it_is_reached_as_the_other_runtime_is(run: Run) -> None:
    plan = run(serve)

    route = plan.of("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "acme-iris-route").inputs["spec"]
    assert route["hostnames"] == ["iris.acme.local.falaj.internal"]
    assert [rule["backendRefs"][0]["port"] for rule in route["rules"]] == [8080, 8081, 8081]
    service = plan.of("kubernetes:core/v1:Service", "acme-iris-service").inputs["spec"]
    assert [port["name"] for port in service["ports"]] == ["http", "grpc"]
    budget = plan.of("kubernetes:policy/v1:PodDisruptionBudget", "acme-iris-disruption").inputs["spec"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"variant": "local-cpu", "region": "me-central-1"},
            (
                "the local variant is a Triton with known holes and not for me-central-1; build the image on the "
                "official base and say variant: official"
            ),
        ),
        (
            {"shared_memory": "64Gi"},
            "shared_memory 64Gi leaves nothing of memory_limit ",
        ),
        (
            {"replicas": 1, "rollout": "replace", "disruption": {"max_unavailable": 1}},
            "rollout replace takes the only replica away; ask for 2, or say surge",
        ),
        (
            {"gpu": {"resource": MIG, "count": 2}},
            f"2 of {MIG}: a process sees one part of a card; ask for 1 and more replicas, or for a larger part",
        ),
        ({"gpu": {"family": "a9000"}}, "family a9000 is not in the catalog; there are: a10, "),
        ({"gpu": {"resource": "amd.com/gpu"}}, "gpu.resource"),
        ({"gpu": {"count": 0}}, "gpu.count"),
        ({"image": "falaj.local/triton"}, "image"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        spec(**changes)


def test_the_only_pod_behind_a_router_may_be_replaced() -> None:
    made = spec(behind="iris", replicas=1, rollout="replace", disruption={"max_unavailable": 1})

    assert (made.replicas, made.rollout) == (1, "replace")


@pytest.mark.parametrize("resource", ["nvidia.com/gpu", "nvidia.com/mig-1g.10gb", "nvidia.com/mig-1g.10gb.me", MIG])
def test_resources_are_called_as_device_plugins_call_them(resource: str) -> None:
    assert GpuRequest(resource=resource).resource == resource
