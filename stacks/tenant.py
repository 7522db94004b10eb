"""A tenant of an environment: its walls, its door and the models it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from components.cluster.local import LocalCluster
from components.cluster.spec import LocalClusterSpec
from components.gateway.spec import TenantGatewaySpec
from components.gateway.tenant import TenantGateway
from components.serving.kubernetes import OnnxRuntimeServer
from components.serving.spec import OnnxRuntimeServerSpec
from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.tiers import tiers
from stacks.images import pull_policy
from stacks.rules import ONNX_RUNTIME

if TYPE_CHECKING:
    from stacks.images import Images
    from stacks.settings import EndpointSettings, TenantSettings


def tenant(settings: TenantSettings, images: Images, *, kubeconfig: str | None, context: str | None) -> None:
    """Make the tenant and export where its endpoints answer."""
    name = pulumi.get_stack()
    environment = pulumi.StackReference(
        settings.environment,
        stack_name=f"{pulumi.get_organization()}/{pulumi.get_project()}/{settings.environment}",
    )
    cluster = LocalCluster(
        "cluster",
        LocalClusterSpec(context=context, identifier=settings.environment),
        kubeconfig=_in_region(settings, environment, kubeconfig),
    )
    inside = pulumi.ResourceOptions(provider=cluster.provider)

    room = WalledNamespace(name, _room(name, settings), opts=inside)
    door = TenantGateway(
        f"{name}-door",
        TenantGatewaySpec(tenant=name, tier=settings.tier, owner=settings.owner),
        namespace=room.namespace,
        domain=environment.require_output("domain"),
        issuer=environment.require_output("issuer"),
        gateway_class=environment.require_output("gateway_class"),
        opts=inside,
    )
    endpoints = {}
    for key, endpoint in settings.endpoints.items():
        spec = _endpoint(name, key, endpoint, settings, images)
        server = OnnxRuntimeServer(
            f"{name}-{key}",
            spec,
            namespace=room.namespace,
            gateway=door.gateway,
            host_suffix=door.host_suffix,
            opts=inside,
        )
        endpoints[key] = _way_to(server, endpoint.model_name or key, spec.model, environment)

    pulumi.export("namespace", room.namespace)
    pulumi.export("endpoints", endpoints)
    pulumi.export("certificate_authority", environment.require_output("certificate_authority"))


def _in_region(
    settings: TenantSettings, environment: pulumi.StackReference, kubeconfig: str | None
) -> pulumi.Output[str]:
    """Return the kubeconfig, once it is known that the environment lies where the tenant's data must stay."""

    def checked(found: list[Any]) -> str:
        region, environments_own = found
        if region != settings.region:
            raise pulumi.RunError(
                f"FAL-CFG-103  stacks/config/Pulumi.{pulumi.get_stack()}.yaml, key falaj:tenant.region\n"
                f"  found '{settings.region}', but environment {settings.environment} lies in '{region}'.\n"
                "  Next: name an environment in that region, or the environment's region"
            )
        return kubeconfig or str(environments_own)

    return pulumi.Output.all(environment.require_output("region"), environment.require_output("kubeconfig")).apply(
        checked
    )


def _room(name: str, settings: TenantSettings) -> NamespaceSpec:
    tier = tiers()[settings.tier]
    return NamespaceSpec(
        name=f"tenant-{name}",
        owner=settings.owner,
        role="tenant",
        tenant=name,
        tier=settings.tier,
        quota=tier.quota,
        default_resources=tier.resources,
    )


def _endpoint(
    name: str, key: str, endpoint: EndpointSettings, settings: TenantSettings, images: Images
) -> OnnxRuntimeServerSpec:
    """Return what one endpoint asks for, with the tier's answer where the file gives none."""
    tier = tiers()[settings.tier]
    image, model = images.require(ONNX_RUNTIME), images.require(endpoint.model)
    return OnnxRuntimeServerSpec(
        endpoint=key,
        tenant=name,
        namespace=f"tenant-{name}",
        tier=settings.tier,
        owner=settings.owner,
        region=settings.region,
        data_class=endpoint.data_class,
        image=image,
        pull_policy=pull_policy(image),
        model=model,
        model_pull_policy=pull_policy(model),
        replicas=endpoint.replicas or tier.replicas,
        resources=endpoint.resources or tier.resources,
        disruption=tier.disruption,
        spread=tier.spread,
        calls=endpoint.calls,
    )


def _way_to(
    server: OnnxRuntimeServer, model_name: str, model: str, environment: pulumi.StackReference
) -> dict[str, pulumi.Input[Any]]:
    """Return what a caller of the endpoint needs."""
    return {
        "url": pulumi.Output.concat("https://", server.host),
        "host": server.host,
        "address": environment.require_output("gateway_address"),
        "port": environment.require_output("gateway_port"),
        "model": model_name,
        "model_digest": model.partition("@")[2],
    }
