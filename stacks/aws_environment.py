"""An environment in an AWS account: what its cluster stands on, the cluster, its pools, and what runs in it."""

from __future__ import annotations

import pulumi

from components.autoscaler.aws import EksAutoscalerIdentity
from components.autoscaler.kubernetes import ClusterAutoscaler
from components.autoscaler.spec import AutoscalerIdentitySpec
from components.cluster.aws import EksCluster, EksNodeServices
from components.cluster.spec import EksSpec
from components.gateway.load_balancer import aws_load_balancer
from components.identities.spec import Actor
from components.keys.spec import Purpose
from components.node_pools.aws import EksNodePool
from stacks.autoscaling import autoscaler_spec, warning
from stacks.aws_foundation import AwsFoundation
from stacks.clouds import inside_cluster, platform_settings
from stacks.environment_settings import AwsEnvironment
from stacks.gpu_tier import GpuTier
from stacks.images import Images
from stacks.platform import platform
from stacks.pool_rules import zones_of
from stacks.settings import StackFile
from stacks.specs import SERVICE_CIDR, pool_specs
from stacks.versions import kubernetes_minor


def make(file: StackFile) -> None:
    """Make the environment and export what its tenants build on."""
    if not isinstance(file.home, AwsEnvironment):
        raise TypeError(f"{file.name} is no environment on AWS")
    foundation = AwsFoundation(file.name, file.home, file.images)
    spec = _cluster_spec(foundation)
    cluster = _cluster(foundation, spec)
    pools = _pools(foundation, cluster)
    services = EksNodeServices(
        "node-services",
        spec,
        cluster_name=cluster.name,
        disks_role=foundation.identities.roles[Actor.DISKS],
        pools=[pool.pool for pool in pools],
        opts=foundation.made,
    )
    after = [services, foundation.registry, foundation.network, *(pool.pool for pool in pools)]
    images, inside = (
        file.images.below(foundation.registry.prefix),
        inside_cluster(cluster.provider, cluster.cluster, after=after),
    )
    served = platform(
        platform_settings(file.home, aws_load_balancer(foundation.placement.tags())),
        images,
        api_server=cluster.api_server,
        inside=inside,
    )
    order_in = _autoscaler(foundation, cluster, images, inside=inside)
    tier = GpuTier.of(file.home, foundation.placement, images)
    if tier is not None:
        if order_in is None:
            raise LookupError(f"{file.name} names no autoscaler_image, which its settings should have refused")
        tier.prepare(cluster.api_server, order_in=order_in, inside=tier.after(served, inside), mark_nodes=False)
        _gpu_pools(foundation, cluster, tier, after=served)
    _export(foundation, cluster)


def _cluster_spec(foundation: AwsFoundation) -> EksSpec:
    settings = foundation.settings
    return EksSpec(
        **foundation.place,
        kubernetes_version=kubernetes_minor(settings),
        administrators=settings.administrators,
        service_cidr=SERVICE_CIDR,
        api_clients=settings.network.operators,
        log_retention_days=foundation.rules.log_retention_days,
    )


def _cluster(foundation: AwsFoundation, spec: EksSpec) -> EksCluster:
    roles, keys = foundation.identities.roles, foundation.keys.keys
    return EksCluster(
        "cluster",
        spec,
        role=roles[Actor.CONTROL_PLANE],
        pod_network_role=roles[Actor.POD_NETWORK],
        subnets=foundation.network.control_plane_subnets,
        control_plane_cidrs=foundation.network.control_plane_cidrs,
        secrets_key=keys[Purpose.CLUSTER_SECRETS],
        log_key=keys[Purpose.LOGS],
        opts=foundation.made,
    )


def _pools(foundation: AwsFoundation, cluster: EksCluster) -> list[EksNodePool]:
    return [
        EksNodePool(
            f"pool-{name}",
            spec,
            cluster_name=cluster.name,
            role=foundation.identities.roles[Actor.NODES],
            subnets=list(foundation.network.node_subnets),
            security_group=cluster.security_group,
            disk_key=foundation.keys.keys[Purpose.NODE_DISKS],
            after=[*cluster.before_nodes, foundation.network],
            opts=foundation.made,
        )
        for name, spec in pool_specs(foundation.settings, foundation.placement).items()
    ]


def _autoscaler(
    foundation: AwsFoundation, cluster: EksCluster, images: Images, *, inside: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """Make what changes how many machines there are, where an image is named; return its namespace."""
    stack, settings = foundation.placement.stack, foundation.settings
    spec = autoscaler_spec(stack, settings, images)
    if spec is None:
        if (said := warning(settings, stack)) is not None:
            pulumi.log.warn(said)
        return None
    identity = EksAutoscalerIdentity(
        "autoscaler", AutoscalerIdentitySpec(**foundation.place), cluster_name=cluster.name, opts=foundation.made
    )
    made = ClusterAutoscaler(
        "cluster-autoscaler",
        spec,
        api_server=cluster.api_server,
        private_endpoints=foundation.network.endpoint_cidrs,
        identity=identity.association,
        opts=inside,
    )
    return made.namespace


def _gpu_pools(foundation: AwsFoundation, cluster: EksCluster, tier: GpuTier, *, after: list[pulumi.Resource]) -> None:
    """Make the pools with GPUs, after everything that serves on CPUs, each in the subnets of its zones."""
    by_zone = dict(zip(zones_of(foundation.settings), foundation.network.node_subnets, strict=True))
    for name, spec in tier.pools.items():
        EksNodePool(
            f"gpu-pool-{name}",
            spec,
            cluster_name=cluster.name,
            role=foundation.identities.roles[Actor.NODES],
            subnets=[by_zone[zone] for zone in spec.zones],
            security_group=cluster.security_group,
            disk_key=foundation.keys.keys[Purpose.NODE_DISKS],
            after=[*cluster.before_nodes, foundation.network],
            opts=pulumi.ResourceOptions.merge(foundation.made, pulumi.ResourceOptions(depends_on=after)),
        )


def _export(foundation: AwsFoundation, cluster: EksCluster) -> None:
    """Export what a tenant needs of its environment; nothing of it is secret."""
    pulumi.export("kubeconfig", cluster.kubeconfig)
    pulumi.export("cluster", cluster.name)
    pulumi.export("registry", foundation.registry.prefix)
    pulumi.export("vpc", foundation.network.vpc_id)
    pulumi.export("node_subnets", list(foundation.network.node_subnets))
    pulumi.export("node_role", foundation.identities.roles[Actor.NODES])
    pulumi.export("node_security_group", cluster.security_group)
    pulumi.export("disk_key", foundation.keys.keys[Purpose.NODE_DISKS])
    pulumi.export("model_store", foundation.model_store.bucket)
