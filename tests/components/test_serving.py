from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime_server.settings import parse
from pydantic import ValidationError

from components.serving.flows import flows_of
from components.serving.kubernetes import OnnxRuntimeServer
from components.serving.spec import CallSpec, OnnxRuntimeServerSpec
from falaj.catalog.data_flows import DataClass, Encryption
from falaj.catalog.tiers import tiers
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden

IMAGE = f"falaj.local/onnxruntime@sha256:{'c' * 64}"
MODEL = f"falaj.local/models/iris@sha256:{'d' * 64}"
CALL = CallSpec(
    name="feature-store",
    address="203.0.113.10/32",
    port=443,
    region="uaenorth",
    data_class=DataClass.PERSONAL,
    encryption=Encryption.TLS,
    purpose="customer features",
)


def spec(**changes: Any) -> OnnxRuntimeServerSpec:  # noqa: ANN401 - any field
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
    return OnnxRuntimeServerSpec.model_validate({**fields, **changes})


def serve(**changes: Any) -> None:  # noqa: ANN401 - any field
    OnnxRuntimeServer(
        "acme-iris",
        spec(**changes),
        namespace="tenant-acme",
        gateway="gateway",
        host_suffix="acme.local.falaj.internal",
    )


@pytest.fixture
def pod(run: Run) -> dict[str, Any]:
    deployment = run(serve).of("kubernetes:apps/v1:Deployment", "acme-iris-server")
    template: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
    return template


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot_in_an_update_and_in_a_preview(run: Run, *, preview: bool) -> None:
    assert_golden("onnx_runtime_server", run(serve, preview=preview))


def test_the_model_is_mounted_read_only_by_digest(pod: dict[str, Any]) -> None:
    volume = pod["volumes"][0]
    mount = pod["containers"][0]["volumeMounts"][0]

    assert volume == {"name": "model", "image": {"reference": MODEL, "pullPolicy": "Never"}}
    assert mount == {"name": "model", "mountPath": "/models", "readOnly": True}


def test_the_pod_is_restricted_and_holds_no_token(pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }


def test_telemetry_is_off(pod: dict[str, Any]) -> None:
    assert pod["containers"][0]["env"] == [{"name": "ORT_DISABLE_TELEMETRY", "value": "1"}]


def test_a_leaving_pod_answers_until_every_gateway_knows(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert container["args"] == ["--grpc-port=8081", "--drain-seconds=10", "--grace-seconds=20"]
    assert "lifecycle" not in container
    assert pod["terminationGracePeriodSeconds"] > 10 + 20


def test_the_server_understands_what_it_is_told(pod: dict[str, Any]) -> None:
    told = parse(["--models", "/models", *pod["containers"][0]["args"]])

    assert (told.grpc_port, told.drain_seconds, told.grace_seconds) == (8081, 10, 20)
    ports = {port["name"]: port["containerPort"] for port in pod["containers"][0]["ports"]}
    assert ports == {"http": told.port, "grpc": told.grpc_port}


def test_a_manifests_digest_is_told_to_the_server_and_no_other_form_of_it_taken(run: Run) -> None:
    digest = f"sha256:{'e' * 64}"
    plan = run(lambda: serve(manifest_digest=digest))

    template = plan.of("kubernetes:apps/v1:Deployment", "acme-iris-server").inputs["spec"]["template"]["spec"]
    told = parse(["--models", "/models", *template["containers"][0]["args"]])
    assert told.manifest_digests == {digest}
    for other in ("e" * 64, f"sha256:{'E' * 64}", "sha256:e", f"{digest} --port=1"):
        with pytest.raises(ValidationError, match="manifest_digest"):
            spec(manifest_digest=other)


def test_the_service_names_both_ways_in(run: Run) -> None:
    service = run(serve).of("kubernetes:core/v1:Service", "acme-iris-service").inputs["spec"]

    assert service["ports"] == [
        {"name": "http", "port": 8080, "targetPort": "http", "protocol": "TCP"},
        {"name": "grpc", "port": 8081, "targetPort": "grpc", "protocol": "TCP", "appProtocol": "kubernetes.io/h2c"},
    ]


def test_a_new_pod_is_ready_before_an_old_one_leaves(run: Run) -> None:
    deployment = run(serve).of("kubernetes:apps/v1:Deployment", "acme-iris-server").inputs["spec"]

    assert deployment["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_the_walls_stand_before_the_first_pod(run: Run) -> None:
    deployment = run(serve).of("kubernetes:apps/v1:Deployment", "acme-iris-server")

    assert [urn.rpartition("::")[2] for urn in deployment.dependencies] == ["acme-iris-edges"]


def test_only_the_gateway_reaches_it_and_it_reaches_nothing(run: Run) -> None:
    edges = run(serve).of("kubernetes:networking.k8s.io/v1:NetworkPolicy", "acme-iris-edges").inputs["spec"]

    gateway = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "falaj-gateway"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "traefik"}},
    }
    assert edges["ingress"] == [
        {"from": [gateway], "ports": [{"protocol": "TCP", "port": port}]} for port in (8080, 8081)
    ]
    assert edges["egress"] == []


def test_a_declared_call_opens_one_way_out_and_is_declared_as_a_flow(run: Run) -> None:
    plan = run(lambda: serve(calls=(CALL,)))

    edges = plan.of("kubernetes:networking.k8s.io/v1:NetworkPolicy", "acme-iris-edges").inputs["spec"]
    flows = plan.of("falaj:index:OnnxRuntimeServer", "acme-iris").inputs["dataFlows"]
    assert edges["egress"] == [
        {"to": [{"ipBlock": {"cidr": "203.0.113.10/32"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    ]
    assert flows[-1] == {
        "source": "tenant-acme/iris",
        "sink": "feature-store",
        "data_class": "personal",
        "region": "uaenorth",
        "channel": "https",
        "port": 443,
        "encryption": "tls",
        "purpose": "customer features",
    }


def test_the_route_takes_the_protocols_paths_of_its_own_host(run: Run) -> None:
    route = run(serve).of("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "acme-iris-route").inputs["spec"]

    assert route == {
        "parentRefs": [{"name": "gateway", "sectionName": "https"}],
        "hostnames": ["iris.acme.local.falaj.internal"],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": path}}],
                "backendRefs": [{"name": "iris", "port": port}],
            }
            for path, port in (
                ("/v2", 8080),
                ("/inference.GRPCInferenceService", 8081),
                ("/grpc.health.v1.Health", 8081),
            )
        ],
    }


def test_every_flow_of_requests_carries_the_declared_class() -> None:
    flows = flows_of(spec(data_class=DataClass.HEALTH))

    assert [flow.data_class for flow in flows] == ["health", "health", "health", "internal", "operational"]


@pytest.mark.parametrize("field", ["image", "model"])
@pytest.mark.parametrize("value", ["falaj.local/models/iris", "falaj.local/models/iris:1", "iris@sha256:abc"])
def test_an_image_or_model_without_digest_is_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError, match=field):
        spec(**{field: value})


def test_a_budget_that_would_stop_every_drain_is_refused() -> None:
    with pytest.raises(ValidationError, match="min_available 1 of 1 replicas would stop every node drain"):
        spec(replicas=1)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("203.0.113.10/32", None),
        ("203.0.113.0/24", None),
        ("0.0.0.0/0", "allowed: a network of /24 or narrower"),
        ("10.0.0.0/8", "allowed: a network of /24 or narrower"),
        ("10.0.0.1/24", "allowed: an IPv4 network such as 10.1.2.3/32"),
        ("store.example", "allowed: an IPv4 network such as 10.1.2.3/32"),
        ("169.254.169.254/32", "allowed: a network that packets can be routed to"),
        ("127.0.0.1/32", "allowed: a network that packets can be routed to"),
    ],
)
def test_a_call_opens_a_narrow_and_real_network_or_is_refused(address: str, allowed: str | None) -> None:
    fields = {**CALL.model_dump(), "address": address}

    if allowed is None:
        assert CallSpec.model_validate(fields).address == address
    else:
        with pytest.raises(ValidationError, match=re.escape(allowed)):
            CallSpec.model_validate(fields)


@pytest.mark.parametrize("names", [("store", "store"), ("clients",), ("kubernetes-api",)])
def test_calls_have_names_of_their_own(names: tuple[str, ...]) -> None:
    calls = [{**CALL.model_dump(), "name": name} for name in names]

    with pytest.raises(ValidationError, match="allowed: a name of its own for each, and not clients or kubernetes-api"):
        spec(calls=calls)


@settings(deadline=None)
@given(st.text(max_size=70))
def test_an_endpoint_is_a_host_names_label_or_refused(endpoint: str) -> None:
    try:
        accepted = spec(endpoint=endpoint).endpoint
    except ValidationError:
        return
    assert accepted.encode("idna").decode() == accepted
    assert 1 <= len(accepted) <= 63
    assert accepted[0].isalpha()
