"""What environments in every cloud have in common once their settings are read."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
import pulumi_kubernetes as kubernetes

from components.gateway.load_balancer import LoadBalancerSpec
from components.gpu.names import GPU_NAMESPACE
from falaj.catalog.tags import Stage
from stacks.environment_settings import AwsEnvironment, AzureEnvironment
from stacks.platform import PlatformSettings

GATEWAY_REPLICAS = {Stage.PRODUCTION: 3, Stage.RECOVERY: 2, Stage.DEVELOPMENT: 1}


def platform_settings(
    environment: AwsEnvironment | AzureEnvironment, load_balancer: LoadBalancerSpec
) -> PlatformSettings:
    """Return what the shared part inside a cloud's cluster is told."""
    return PlatformSettings(
        owner=environment.owner,
        region=environment.region,
        domain=environment.domain,
        replicas=GATEWAY_REPLICAS[environment.stage],
        load_balancer=load_balancer,
        profiles=environment.profiles,
        development=environment.stage is Stage.DEVELOPMENT,
        trusted_namespaces=(GPU_NAMESPACE,) if environment.gpu_pools else (),
    )


def inside_cluster(
    provider: kubernetes.Provider, cluster: pulumi.Resource, *, after: Iterable[pulumi.Resource] = ()
) -> pulumi.ResourceOptions:
    """Return the options of what lies in a cluster: made through its provider, after its nodes, gone when it is gone.

    Nothing in a cluster outlives it, so that a removal asks for no object whose API server is already away. A load
    balancer is removed on its own, before nodes and network: the cloud's would stay otherwise, and hold its subnet.
    """
    before = list(after)
    with_cluster = pulumi.ResourceOptions(deleted_with=cluster)
    on_its_own = pulumi.ResourceOptions(depends_on=before)

    def gone_in_order(made: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not made.type_.startswith("kubernetes:"):
            return None
        more = on_its_own if _has_load_balancer(made) else with_cluster
        return pulumi.ResourceTransformationResult(made.props, pulumi.ResourceOptions.merge(made.opts, more))

    return pulumi.ResourceOptions(provider=provider, depends_on=before, transformations=[gone_in_order])


def _has_load_balancer(made: pulumi.ResourceTransformationArgs) -> bool:
    spec = made.props.get("spec")
    return made.type_ == "kubernetes:core/v1:Service" and isinstance(spec, dict) and spec.get("type") == "LoadBalancer"
