"""What runs an endpoint, as its stack file says: ONNX Runtime, Triton, or both with a router before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from components.model_endpoint.kubernetes import ModelEndpoint
from components.model_endpoint.spec import ModelEndpointSpec, RouterSpec
from components.serving.kubernetes import OnnxRuntimeServer
from components.serving.spec import OnnxRuntimeServerSpec
from components.serving.triton import TritonServer
from components.serving.triton_spec import TritonServerSpec
from falaj.catalog.tiers import Disruption
from stacks.images import ONNX_RUNTIME, pull_policy
from stacks.runtime_rules import ROUTER, ROUTERS, gpu_replicas, is_replaced, replicas_of

if TYPE_CHECKING:
    import pulumi

    from stacks.residents import Resident
    from stacks.tenant_settings import EndpointSettings

ONE_AT_A_TIME = Disruption(max_unavailable=1)
"""What planned work may take of the GPU side of a routed endpoint, even its only pod: CPUs answer meanwhile."""
Spec: TypeAlias = OnnxRuntimeServerSpec | TritonServerSpec | ModelEndpointSpec
Server: TypeAlias = OnnxRuntimeServer | TritonServer | ModelEndpoint


class Way(TypedDict):
    """How requests come to a server."""

    namespace: pulumi.Output[str]
    gateway: pulumi.Output[str]
    host_suffix: pulumi.Output[str]


def server_spec(resident: Resident, key: str, endpoint: EndpointSettings) -> Spec:
    """Return what one endpoint asks for, with the tier's answer where the file gives none."""
    if endpoint.runtime == "triton":
        return _triton(resident, key, endpoint)
    if endpoint.runtime == "onnxruntime":
        return _onnxruntime(resident, key, endpoint)
    if endpoint.routing is None:
        raise LookupError(f"{resident.name} routes {key} by nothing, which its settings should have refused")
    image = resident.images.require(ONNX_RUNTIME)
    return ModelEndpointSpec(
        endpoint=key,
        cpu=_onnxruntime(resident, f"{key}-cpu", endpoint, behind=key),
        gpu=_triton(resident, f"{key}-gpu", endpoint, behind=key),
        router=RouterSpec(image=image, pull_policy=pull_policy(image), replicas=ROUTERS, resources=ROUTER),
        routing=endpoint.routing,
        gpu_pools=resident.gpu_pools,
    )


def serve(name: str, spec: Spec, way: Way, inside: pulumi.ResourceOptions) -> Server:
    """Make the server of one endpoint."""
    if isinstance(spec, ModelEndpointSpec):
        return ModelEndpoint(name, spec, **way, opts=inside)
    if isinstance(spec, TritonServerSpec):
        return TritonServer(name, spec, **way, opts=inside)
    return OnnxRuntimeServer(name, spec, **way, opts=inside)


def _onnxruntime(
    resident: Resident, name: str, endpoint: EndpointSettings, *, behind: str | None = None
) -> OnnxRuntimeServerSpec:
    image = resident.images.require(ONNX_RUNTIME)
    return OnnxRuntimeServerSpec(**_common(resident, name, endpoint, image, behind))


def _triton(
    resident: Resident, name: str, endpoint: EndpointSettings, *, behind: str | None = None
) -> TritonServerSpec:
    image = resident.triton
    if image is None:
        raise LookupError(f"{resident.name} has no image of Triton, which its settings should have refused")
    common = _common(resident, name, endpoint, image, behind)
    with_gpus = endpoint.gpu is not None
    common["own_machines"] = resident.own_machines or (with_gpus and resident.own_gpus)
    common["replicas"] = gpu_replicas(endpoint, resident.tier)
    if behind is not None:
        common["disruption"] = ONE_AT_A_TIME
    return TritonServerSpec(
        **common,
        variant="local-cpu" if pull_policy(image) == "Never" else "official",
        gpu=endpoint.gpu,
        spot=with_gpus and resident.spot_gpus,
        rollout="replace" if with_gpus and is_replaced(endpoint, resident.tier) else "surge",
    )


def _common(
    resident: Resident, name: str, endpoint: EndpointSettings, image: str, behind: str | None
) -> dict[str, Any]:
    """Return what every runtime is told."""
    tier, settings = resident.tier, resident.settings
    model = resident.images.require(endpoint.model)
    return {
        "endpoint": name,
        "behind": behind,
        "tenant": resident.name,
        "namespace": f"tenant-{resident.name}",
        "tier": settings.tier,
        "owner": settings.owner,
        "region": settings.region,
        "data_class": endpoint.data_class,
        "image": image,
        "pull_policy": pull_policy(image),
        "model": model,
        "model_pull_policy": pull_policy(model),
        "manifest_digest": endpoint.manifest_digest,
        "replicas": replicas_of(endpoint, tier),
        "resources": endpoint.resources or tier.resources,
        "disruption": tier.disruption,
        "spread": tier.spread,
        "calls": endpoint.calls,
        "governance": endpoint.governance,
        "own_machines": resident.own_machines,
    }
