from __future__ import annotations

import json
import re
from typing import Any

import pytest
from inference_router.decision.chooser import Chooser
from inference_router.decision.policy import parse_json
from inference_router.decision.sides import Ask, Reason, Side, Standing
from inference_router.settings import parse
from pydantic import ValidationError

from components.model_endpoint.flows import flows_of
from components.model_endpoint.kubernetes import ModelEndpoint
from components.model_endpoint.routing import RoutingSpec
from components.model_endpoint.spec import ModelEndpointSpec
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tiers import tiers
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden

ONNX = f"falaj.local/onnxruntime@sha256:{'c' * 64}"
TRITON = f"falaj.local/triton@sha256:{'e' * 64}"
MODEL = f"falaj.local/models/iris@sha256:{'d' * 64}"
POOL = {"name": "inference", "family": "l4", "resources": ["nvidia.com/gpu"]}
COSTS = {"cpu": {"cost_per_hour": 0.2}, "gpu": {"cost_per_hour": 1.2, "concurrency": 8}}


def spec(**changes: Any) -> ModelEndpointSpec:  # noqa: ANN401 - any field; those of a side as `cpu_replicas`
    tier = tiers()["enterprise"]
    side: dict[str, Any] = {
        "tenant": "acme",
        "namespace": "tenant-acme",
        "tier": "enterprise",
        "owner": "risk",
        "region": "uaenorth",
        "data_class": DataClass.FINANCIAL,
        "model": MODEL,
        "pull_policy": "IfNotPresent",
        "model_pull_policy": "IfNotPresent",
        "replicas": 2,
        "resources": tier.resources,
        "disruption": tier.disruption,
        "spread": tier.spread,
        "behind": "iris",
    }
    sides: dict[str, dict[str, Any]] = {
        "cpu": {**side, "endpoint": "iris-cpu", "image": ONNX},
        "gpu": {**side, "endpoint": "iris-gpu", "image": TRITON, "gpu": {"family": "l4"}},
    }
    for name in list(changes):
        which, _, field = name.partition("_")
        if which in sides and field and name != "gpu_pools":
            sides[which][field] = changes.pop(name)
    fields: dict[str, Any] = {
        "endpoint": "iris",
        **sides,
        "router": {"image": ONNX, "pull_policy": "IfNotPresent", "resources": tier.resources},
        "routing": {**COSTS, "target_ms": 50},
        "gpu_pools": [POOL],
    }
    return ModelEndpointSpec.model_validate({**fields, **changes})


def serve(**changes: Any) -> None:  # noqa: ANN401 - any field
    ModelEndpoint(
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
    assert_golden("model_endpoint", run(serve, preview=preview))


def test_the_router_understands_what_it_is_told(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert container["command"] == ["python3", "-m", "inference_router"]
    told = parse(container["args"])

    assert {side: [str(address) for address in found] for side, found in told.sides.items()} == {
        "cpu": ["iris-cpu.tenant-acme.svc:8080"],
        "gpu": ["iris-gpu.tenant-acme.svc:8080"],
    }
    assert [(each.grpc_port, each.metrics_port) for (each,) in told.sides.values()] == [(8081, None), (8081, 8082)]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": told.port, "grpc": told.grpc_port}
    assert pod["terminationGracePeriodSeconds"] > told.drain_seconds + told.grace_seconds


def test_the_policy_is_one_that_the_router_follows(run: Run) -> None:
    rules = [
        {"name": "batches", "send": "gpu", "rows_at_least": 64, "tiers": ["enterprise"]},
        {"name": "large-models", "send": "gpu", "model_bytes_at_least": 10, "target_ms_at_most": 20, "strict": True},
    ]
    routing = {**COSTS, "target_ms": 50, "model_bytes": 9, "rules": rules, "wishes": False, "probe_share": 0.05}
    plan = run(lambda: serve(routing=routing))

    config = plan.of("kubernetes:core/v1:ConfigMap", "acme-iris-routing").inputs
    policy = parse_json(config["data"]["policy.json"].encode(), "policy.json")
    assert (policy.tenant, policy.tier, policy.target_ms, policy.wishes) == ("acme", "enterprise", 50, False)
    assert (policy.cpu.cost_per_hour, policy.gpu.concurrency, policy.probing.share) == (0.2, 8, 0.05)
    chooser = Chooser(policy)
    both = {side: Standing(1) for side in Side}
    chooser.look(both, 0)
    choice = chooser.choose(Ask("iris", rows=64), both, 0)
    assert choice is not None
    assert (choice.side, choice.reason, choice.rule) == (Side.GPU, Reason.RULE, "batches")


def test_every_field_of_routing_reaches_the_router() -> None:
    document = RoutingSpec.model_validate({**COSTS, "target_ms": 5, "model_bytes": 1, "margin": 0.3}).document(
        tenant="acme", tier="smb"
    )
    policy = parse_json(json.dumps(document).encode(), "policy.json")
    assert policy.steadiness.margin == 0.3
    assert policy.size_of("whatever it is called") == 1
    assert policy.steadiness.recovery_seconds == 10


def test_another_policy_exchanges_the_pods(run: Run) -> None:
    def digest(**routing: object) -> str:
        plan = run(lambda: serve(routing={**COSTS, **routing}))
        template = plan.of("kubernetes:apps/v1:Deployment", "acme-iris-server").inputs["spec"]["template"]
        found: str = template["metadata"]["annotations"]["falaj.dev/routing"]
        return found

    assert digest(target_ms=50) == digest(target_ms=50)
    assert digest(target_ms=50) != digest(target_ms=51)


def test_the_routers_pod_is_restricted_and_holds_neither_token_nor_model(pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
    assert [volume["name"] for volume in pod["volumes"]] == ["policy"]
    assert container["volumeMounts"] == [{"name": "policy", "mountPath": "/etc/router", "readOnly": True}]


def edges(run: Run, name: str) -> dict[str, Any]:
    plan = run(serve)
    policy: dict[str, Any] = plan.of("kubernetes:networking.k8s.io/v1:NetworkPolicy", name).inputs["spec"]
    return policy


def pods_named(name: str) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tenant-acme"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": name}},
    }


GATEWAY = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "falaj-gateway"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/name": "traefik"}},
}


def rule(direction: str, peer: dict[str, Any], port: int) -> dict[str, Any]:
    return {direction: [peer], "ports": [{"protocol": "TCP", "port": port}]}


def test_only_the_gateway_reaches_the_router_and_it_reaches_only_its_runtimes(run: Run) -> None:
    policy = edges(run, "acme-iris-edges")
    assert policy["ingress"] == [rule("from", GATEWAY, port) for port in (8080, 8081)]
    assert policy["egress"] == [
        *(rule("to", pods_named("iris-cpu"), port) for port in (8080, 8081)),
        *(rule("to", pods_named("iris-gpu"), port) for port in (8080, 8081, 8082)),
    ]


@pytest.mark.parametrize(("side", "ports"), [("cpu", (8080, 8081)), ("gpu", (8080, 8081, 8082))])
def test_only_the_router_reaches_a_runtime_and_it_reaches_nothing(run: Run, side: str, ports: tuple[int, ...]) -> None:
    policy = edges(run, f"acme-iris-{side}-edges")
    assert policy["ingress"] == [rule("from", pods_named("iris"), port) for port in ports]
    assert policy["egress"] == []


def test_a_runtime_has_no_way_in_of_its_own_and_each_of_its_pods_an_address(run: Run) -> None:
    plan = run(serve)
    routes = [urn for urn in plan.resources if "HTTPRoute::" in urn]
    assert [urn.rpartition("::")[2] for urn in routes] == ["acme-iris-route"]
    for side in ("cpu", "gpu"):
        service = plan.of("kubernetes:core/v1:Service", f"acme-iris-{side}-service").inputs["spec"]
        assert service["clusterIP"] == "None"
    own = plan.of("kubernetes:core/v1:Service", "acme-iris-service").inputs["spec"]
    assert "clusterIP" not in own
    route = plan.of("kubernetes:gateway.networking.k8s.io/v1:HTTPRoute", "acme-iris-route").inputs["spec"]
    assert route["hostnames"] == ["iris.acme.local.falaj.internal"]
    assert {each["name"] for rule_ in route["rules"] for each in rule_["backendRefs"]} == {"iris"}


def test_planned_work_leaves_pods_of_all_three(run: Run) -> None:
    plan = run(serve)
    for name in ("acme-iris", "acme-iris-cpu", "acme-iris-gpu"):
        budget = plan.of("kubernetes:policy/v1:PodDisruptionBudget", f"{name}-disruption").inputs["spec"]
        assert budget["selector"]["matchLabels"]["app.kubernetes.io/name"] == name.removeprefix("acme-")
    router = plan.of("kubernetes:policy/v1:PodDisruptionBudget", "acme-iris-disruption").inputs["spec"]
    assert router["maxUnavailable"] == 1


def test_every_flow_of_requests_carries_the_declared_class_and_measurements_hold_none() -> None:
    flows = flows_of(spec(cpu_data_class=DataClass.HEALTH, gpu_data_class=DataClass.HEALTH))
    assert [flow.data_class for flow in flows] == [*["health"] * 7, "operational", "operational"]
    assert [flow.channel for flow in flows] == [
        "https",
        "http",
        "grpc",
        "http",
        "grpc",
        "http",
        "grpc",
        "metrics",
        "log",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"gpu_pools": []},
            "the GPU side asks for nvidia.com/gpu and the environment has no pool with GPUs; add a pool with role gpu",
        ),
        (
            {"gpu_gpu": {"family": "a10"}},
            "no pool offers nvidia.com/gpu of a10 to acme; there are: inference (l4: nvidia.com/gpu)",
        ),
        (
            {"gpu_gpu": {"resource": "nvidia.com/mig-1g.10gb"}},
            "no pool offers nvidia.com/mig-1g.10gb to acme; there are: inference (l4: nvidia.com/gpu)",
        ),
        (
            {"gpu_pools": [{**POOL, "tenant": "other"}]},
            "no pool offers nvidia.com/gpu of l4 to acme; there are: inference (l4: nvidia.com/gpu, kept for other)",
        ),
        (
            {"gpu_gpu": None},
            "the GPU side asks for no GPU; say gpu.gpu, such as {resource: nvidia.com/gpu}, or serve the model on CPU",
        ),
        ({"gpu_pools": [{**POOL, "family": "voodoo"}]}, "family voodoo is not in the catalog; there are: "),
        ({"cpu_endpoint": "iris"}, "cpu.endpoint is iris; call it iris-cpu"),
        ({"gpu_behind": None}, "gpu.behind is None; say iris, so that only its router calls it"),
        ({"gpu_tenant": "other"}, "cpu.tenant is acme and gpu.tenant other; both sides are one endpoint: say one"),
        ({"gpu_region": "uaecentral"}, "cpu.region is uaenorth and gpu.region uaecentral"),
        ({"endpoint": "i" * 60}, "at most 59 characters"),
        (
            {"routing": {**COSTS, "rules": [{"name": "a", "send": "gpu", "rows_at_least": 9, "rows_at_most": 3}]}},
            "rule a never holds: rows_at_least 9 is above rows_at_most 3",
        ),
        (
            {"routing": {**COSTS, "rules": [{"name": "a", "send": "gpu"}, {"name": "a", "send": "cpu"}]}},
            "two rules have one name; give each a name of its own",
        ),
        (
            {"routing": {**COSTS, "rules": [{"name": "a", "send": "gpu", "model_bytes_at_least": 1}]}},
            "a rule goes by the model's size; say model_bytes, or leave the rule out",
        ),
    ],
)
def test_what_can_not_be_is_refused_with_what_to_do(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        spec(**changes)


def test_one_router_alone_is_refused() -> None:
    router = {"image": ONNX, "pull_policy": "Never", "resources": tiers()["smb"].resources, "replicas": 1}
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        spec(router=router)


def test_a_stand_in_without_gpus_is_for_the_local_cluster() -> None:
    changes: dict[str, Any] = {"gpu_gpu": None, "gpu_variant": "local-cpu", "gpu_pools": []}
    assert spec(**changes, cpu_region="local", gpu_region="local").gpu.gpu is None
    with pytest.raises(ValidationError, match="the local variant is a Triton with known holes and not for uaenorth"):
        spec(**changes)


def test_what_is_said_of_the_model_stands_under_one_name_on_all_three(run: Run) -> None:
    said = {
        "version": "1.0.0",
        "purpose": "credit scoring",
        "licence": "Apache-2.0",
        "risk": "low",
        "oversight": "on-the-loop",
        "training_data": "own book of loans",
        "training_residency": ["AE"],
    }
    plan = run(lambda: serve(cpu_governance=said, gpu_governance=said))
    for name in ("acme-iris", "acme-iris-cpu", "acme-iris-gpu"):
        metadata = plan.of("kubernetes:apps/v1:Deployment", f"{name}-server").inputs["metadata"]
        assert metadata["annotations"]["falaj.dev/model-name"] == "iris"
    with pytest.raises(ValidationError, match="both sides are one endpoint: say one"):
        spec(cpu_governance=said)
