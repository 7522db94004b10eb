"""Pools with GPUs, and how their components are given what they hang on."""

from __future__ import annotations

from components.gpu.spec import GpuPool
from components.node_pools.aws import EksNodePool
from components.node_pools.azure import AksNodePool
from components.node_pools.gpu_steps import gpu_pools
from components.node_pools.spec import NodePoolSpec
from falaj.catalog.providers import Provider
from tests.components.cluster.examples import ACCOUNT, placement

DISK_KEY = f"arn:aws:kms:me-central-1:{ACCOUNT}:key/node-disks"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nodes"
SUBNET = "/subscriptions/x/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
DISK_GIB = 200


def pools_of(wish: GpuPool, name: str = "gpu") -> tuple[NodePoolSpec, ...]:
    return gpu_pools(name, wish, placement=placement(wish.region), disk_gib=DISK_GIB)


def pool_of(wish: GpuPool) -> NodePoolSpec:
    (pool,) = pools_of(wish)
    return pool


def make(wish: GpuPool) -> None:
    """Make every pool of a wish, each under its own name."""
    for pool in pools_of(wish):
        if wish.provider is Provider.AWS:
            EksNodePool(
                pool.pool,
                pool,
                cluster_name="aws-me-central-1-prod",
                role=ROLE,
                subnets=[f"subnet-{zone}" for zone in pool.zones],
                security_group="sg-nodes",
                disk_key=DISK_KEY,
            )
        else:
            AksNodePool(pool.pool, pool, resource_group="group", cluster_name="azure-uaenorth-prod", subnet=SUBNET)
