"""The namespace of the GPU runtime: the one in which pods may have the powers of their node."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.gpu.names import GPU_NAMESPACE
from components.labels import ROLE, Ownership
from components.zero_trust.kubernetes import CLUSTER_DNS, DNS_PORTS

if TYPE_CHECKING:
    import pulumi

    from components.manifests import Manifest

PODS_BESIDE, PODS_ON_A_NODE = 30, 14
"""What runs once in the cluster, and what runs on each node with GPUs, both while they are exchanged."""
CPU_BESIDE, CPU_ON_A_NODE = 8, 4
GIB_BESIDE, GIB_ON_A_NODE = 16, 96
"""Limits of memory, most of which nobody takes: the operator's parts have the limits below, and the driver its own."""
DEFAULTS: Manifest = {
    "type": "Container",
    "default": {"cpu": "2", "memory": "2Gi"},
    "default_request": {"cpu": "20m", "memory": "64Mi"},
}
"""What a container gets that asks for nothing, as those of the operator do."""


def make_room(
    name: str, owner: str, machines: int, *, opts: pulumi.ResourceOptions
) -> tuple[pulumi.Output[str], list[pulumi.Resource]]:
    """Make the namespace with its wall and its bounds; return its name for what is made in it, and the bounds.

    Drivers are loaded into the node and devices handed to containers: pods that do this are privileged, and POD-001
    lets them into this namespace alone.
    """
    labels = Ownership(owner).labels(GPU_NAMESPACE, "namespace")
    namespace = kubernetes.core.v1.Namespace(
        f"{name}-namespace",
        metadata={
            "name": GPU_NAMESPACE,
            "labels": {
                **labels,
                ROLE: "platform",
                "pod-security.kubernetes.io/enforce": "privileged",
                "pod-security.kubernetes.io/enforce-version": "latest",
            },
        },
        opts=opts,
    )
    # Its name is settled, also in the preview of a cluster that does not exist; who uses it still waits for it.
    settled = namespace.urn.apply(lambda _: GPU_NAMESPACE)
    metadata: Manifest = {"namespace": settled, "labels": labels}
    kubernetes.networking.v1.NetworkPolicy(
        f"{name}-default-deny", metadata=_named("default-deny", metadata), spec=_wall(), opts=opts
    )
    quota = kubernetes.core.v1.ResourceQuota(
        f"{name}-quota", metadata=_named("quota", metadata), spec={"hard": bounds(machines)}, opts=opts
    )
    limits = kubernetes.core.v1.LimitRange(
        f"{name}-limits",
        metadata=_named("limits", metadata),
        spec={"limits": [DEFAULTS]},
        opts=opts,
    )
    return settled, [quota, limits]


def _wall() -> Manifest:
    ports = [{"protocol": protocol, "port": port} for port in DNS_PORTS for protocol in ("UDP", "TCP")]
    return {
        "pod_selector": {},
        "policy_types": ["Ingress", "Egress"],
        "egress": [{"to": [CLUSTER_DNS], "ports": ports}],
    }


def _named(name: str, metadata: Manifest) -> Manifest:
    return {**metadata, "name": name}


def bounds(machines: int) -> dict[str, str]:
    """Return the most that the namespace may hold with so many machines with GPUs."""
    cpu, memory = CPU_BESIDE + machines * CPU_ON_A_NODE, GIB_BESIDE + machines * GIB_ON_A_NODE
    return {
        "requests.cpu": str(cpu),
        "requests.memory": f"{memory}Gi",
        "limits.memory": f"{memory}Gi",
        "pods": str(PODS_BESIDE + machines * PODS_ON_A_NODE),
        "persistentvolumeclaims": "0",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }
