"""An environment in an Azure subscription: what its cluster stands on, the cluster, its pools, and what runs in it."""

from __future__ import annotations

import pulumi

from components.cluster.azure import AksCluster
from components.cluster.spec import AksSpec
from components.gateway.load_balancer import azure_load_balancer
from components.identities.spec import Actor
from components.keys.spec import Purpose
from components.network.spec import Egress
from components.node_pools.azure import AksNodePool
from components.node_pools.expander import AKS_NAMESPACE
from falaj.catalog.private_access import Feature
from stacks.azure_foundation import BLOB_ZONE, AzureFoundation
from stacks.clouds import inside_cluster, platform_settings
from stacks.environment_settings import AzureEnvironment
from stacks.gpu_specs import provision_minutes, reservations_of
from stacks.gpu_tier import GpuTier
from stacks.platform import platform
from stacks.pool_rules import SYSTEM
from stacks.settings import StackFile
from stacks.specs import SERVICE_CIDR, pool_specs
from stacks.versions import kubernetes_minor


def make(file: StackFile) -> None:
    """Make the environment and export what its tenants build on."""
    if not isinstance(file.home, AzureEnvironment):
        raise TypeError(f"{file.name} is no environment on Azure")
    foundation = AzureFoundation(file.name, file.home, file.images)
    cluster = _cluster(foundation)
    pools = _pools(foundation, cluster)
    after = [*(pool.pool for pool in pools), *foundation.registry.ready, foundation.network]
    images, inside = (
        file.images.below(foundation.registry.prefix),
        inside_cluster(cluster.provider, cluster.cluster, after=after),
    )
    served = platform(
        platform_settings(file.home, azure_load_balancer(foundation.network.load_balancer_subnet_name)),
        images,
        api_server=cluster.api_server,
        inside=inside,
    )
    tier = GpuTier.of(file.home, foundation.placement, images)
    if tier is not None:
        marked = tier.prepare(
            cluster.api_server, order_in=AKS_NAMESPACE, inside=tier.after(served, inside), mark_nodes=True
        )
        _gpu_pools(foundation, cluster, tier, after=[*served, *marked])
    _export(foundation, cluster)


def _cluster(foundation: AzureFoundation) -> AksCluster:
    settings = foundation.settings
    spec = AksSpec(
        **foundation.place,
        tenant_id=settings.directory,
        kubernetes_version=kubernetes_minor(settings),
        administrators=settings.administrators,
        service_cidr=SERVICE_CIDR,
        pod_cidr=foundation.network.pod_cidr,
        egress=Egress(settings.network.egress),
        first_pool=pool_specs(settings, foundation.placement)[SYSTEM],
        gpu_minutes=provision_minutes(settings),
        reservations=reservations_of(settings),
    )
    network, identities = foundation.network, foundation.identities
    disks = foundation.keys.disk_encryption_set
    if disks is None:
        raise LookupError("the key ring of an environment always has a key for disks")
    return AksCluster(
        "cluster",
        spec,
        resource_group=foundation.group,
        control_plane_identity=identities[Actor.CONTROL_PLANE],
        kubelet_identity=identities[Actor.NODES],
        node_subnet=network.node_subnet,
        api_server_subnet=network.api_server_subnet,
        api_server_cidr=network.api_server_cidr,
        disk_encryption_set=disks,
        kms_key=foundation.keys.keys[Purpose.CLUSTER_SECRETS].uri,
        kms_vault_id=foundation.keys.vault_id,
        registry_id=foundation.registry.id,
        workspace_id=foundation.audit.workspace_id,
        dns_zone_id=network.dns_zones[Feature.KUBERNETES],
        archive_id=foundation.audit.archive_id,
        after=[*foundation.registry.ready, network],
        opts=foundation.made,
    )


def _pools(foundation: AzureFoundation, cluster: AksCluster) -> list[AksNodePool]:
    """Make every pool; the one machine with which the cluster starts is none of them."""
    return [
        AksNodePool(
            f"pool-{name}",
            spec,
            resource_group=foundation.group,
            cluster_name=cluster.name,
            subnet=foundation.network.node_subnet,
            opts=foundation.made,
        )
        for name, spec in pool_specs(foundation.settings, foundation.placement).items()
    ]


def _gpu_pools(
    foundation: AzureFoundation, cluster: AksCluster, tier: GpuTier, *, after: list[pulumi.Resource]
) -> None:
    """Make the pools with GPUs, after everything that serves on CPUs."""
    for name, spec in tier.pools.items():
        AksNodePool(
            f"gpu-pool-{name}",
            spec,
            resource_group=foundation.group,
            cluster_name=cluster.name,
            subnet=foundation.network.node_subnet,
            opts=pulumi.ResourceOptions.merge(foundation.made, pulumi.ResourceOptions(depends_on=after)),
        )


def _export(foundation: AzureFoundation, cluster: AksCluster) -> None:
    """Export what a tenant needs of its environment; nothing of it is secret."""
    pulumi.export("kubeconfig", cluster.kubeconfig)
    pulumi.export("cluster", cluster.name)
    pulumi.export("registry", foundation.registry.prefix)
    pulumi.export("resource_group", foundation.group)
    pulumi.export("node_subnet", foundation.network.node_subnet)
    pulumi.export("endpoint_subnet", foundation.network.endpoint_subnet)
    pulumi.export("model_store", foundation.model_store.account_name)
    pulumi.export("key_zone", foundation.network.dns_zones[Feature.KEYS])
    pulumi.export("blob_zone", foundation.network.dns_zone_ids[BLOB_ZONE])
    pulumi.export("workspace", foundation.audit.workspace_id)
    pulumi.export("archive", foundation.audit.archive_id)
