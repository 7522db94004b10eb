"""An environment in an AWS account: what its cluster stands on, the cluster, its pools, and what runs in it."""

from __future__ import annotations

import pulumi

from components.cluster.aws import EksCluster, EksNodeServices
from components.cluster.spec import EksSpec
from components.gateway.load_balancer import aws_load_balancer
from components.identities.spec import Actor
from components.keys.spec import Purpose
from components.node_pools.aws import EksAutoscalerIdentity, EksNodePool
from components.node_pools.spec import AutoscalerSpec
from stacks.aws_foundation import AwsFoundation
from stacks.clouds import inside_cluster, platform_settings
from stacks.environment_settings import AwsEnvironment
from stacks.platform import platform
from stacks.settings import StackFile
from stacks.specs import SERVICE_CIDR, kubernetes_minor, pool_specs


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
    EksAutoscalerIdentity(
        "autoscaler",
        AutoscalerSpec(**foundation.place, cluster=file.name),
        cluster_name=cluster.name,
        opts=foundation.made,
    )
    after = [services, foundation.registry, foundation.network, *(pool.pool for pool in pools)]
    platform(
        platform_settings(file.home, aws_load_balancer(foundation.placement.tags())),
        file.images.below(foundation.registry.prefix),
        api_server=cluster.api_server,
        inside=inside_cluster(cluster.provider, cluster.cluster, after=after),
    )
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
