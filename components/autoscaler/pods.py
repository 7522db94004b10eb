"""The pods of the cluster autoscaler: two, of which one leads, on the machines of the system pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.autoscaler.names import AUTOSCALER_NAMESPACE, AUTOSCALER_WORKLOAD, HEALTH_PORT
from components.labels import selector
from components.node_pools.contract import CRITICAL_ADDONS, GPU_NOT_READY, NO_SCHEDULE, POOL
from components.zero_trust.restricted import (
    CONTAINER_SECURITY,
    POD_SECURITY,
    container_ports,
    http_probe,
    resource_requirements,
    rolling_update,
    spread_over,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from components.autoscaler.spec import ClusterAutoscalerSpec
    from components.manifests import Manifest

COMPONENT = "cluster-autoscaler"
REPLICAS = 2
SPREAD = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
PROGRAM = "/cluster-autoscaler"
"""Where the image has it; the image names no entry point."""


def arguments(spec: ClusterAutoscalerSpec) -> tuple[str, ...]:
    """Return what it is started with.

    Every pool is one scaling group over its zones, and steps of a capacity must not be evened out, so that similar
    groups are not balanced. Sizes come from its own list, which has all of the catalog's: a start asks AWS for none.

    Source: https://github.com/kubernetes/autoscaler tag cluster-autoscaler-1.36.1, cluster-autoscaler/config/flags
    """
    tags = f"k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/{spec.cluster}"
    return (
        "--cloud-provider=aws",
        f"--namespace={AUTOSCALER_NAMESPACE}",
        f"--node-group-auto-discovery=asg:tag={tags}",
        "--aws-use-static-instance-list=true",
        # Groups that the order does not name are all alike to it: the next one then decides.
        f"--expander={'priority,' if spec.in_order else ''}least-waste",
        # Without its name a second machine is bought while the first gets its GPUs ready.
        f"--startup-taint={GPU_NOT_READY.key}",
        "--balance-similar-node-groups=false",
        # Pods of ours write to emptyDir alone, and lose nothing when they move.
        "--skip-nodes-with-local-storage=false",
        "--leader-elect=true",
        "--logging-format=json",
        "--v=2",
    )


def deployment(spec: ClusterAutoscalerSpec, labels: Mapping[str, str], *, account: pulumi.Input[str]) -> Manifest:
    """Return the spec of its Deployment."""
    return {
        "replicas": REPLICAS,
        "strategy": rolling_update(),
        "revision_history_limit": 3,
        "selector": {"match_labels": selector(AUTOSCALER_WORKLOAD, COMPONENT)},
        "template": {
            "metadata": {"labels": dict(labels)},
            "spec": {
                "service_account_name": account,
                "automount_service_account_token": True,
                "enable_service_links": False,
                # It has to run where everything else waits for the machines that it would add.
                "priority_class_name": "system-cluster-critical",
                "node_selector": {POOL: "system"},
                "tolerations": [{"key": CRITICAL_ADDONS, "operator": "Exists", "effect": NO_SCHEDULE}],
                "security_context": POD_SECURITY,
                "topology_spread_constraints": spread_over(SPREAD, AUTOSCALER_WORKLOAD, COMPONENT),
                "containers": [_container(spec)],
            },
        },
    }


def _container(spec: ClusterAutoscalerSpec) -> Manifest:
    return {
        "name": AUTOSCALER_WORKLOAD,
        "image": spec.image,
        "image_pull_policy": "IfNotPresent",
        "command": [PROGRAM],
        "args": list(arguments(spec)),
        "env": [
            {"name": "AWS_REGION", "value": spec.region},
            # Its credentials are its role's; the machine's own are not for it.
            {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"},
        ],
        "ports": container_ports(health=HEALTH_PORT),
        "startup_probe": http_probe("/health-check", "health", period=2, failures=60),
        "liveness_probe": http_probe("/health-check", "health", period=10, failures=3),
        "readiness_probe": http_probe("/health-check", "health", period=10, failures=3),
        "resources": resource_requirements(spec.resources),
        "security_context": CONTAINER_SECURITY,
    }
