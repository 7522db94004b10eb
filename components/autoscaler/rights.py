"""What the cluster autoscaler may do in the cluster, and what holds its account to that where a role can't say it.

The rules are those of the makers' own example and chart without what this version no longer asks on AWS: Endpoints
(one of its pods leads by a Lease), the group `extensions` (gone since Kubernetes 1.22), the status of pods, changes
of Jobs, and what only features need that are not switched on (provisioning requests, capacity buffers).

Source: https://github.com/kubernetes/autoscaler tag cluster-autoscaler-1.36.1 (read 2026-11-23),
cluster-autoscaler/cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml and
cluster-autoscaler/charts/cluster-autoscaler/templates/clusterrole.yaml, role.yaml
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.autoscaler.names import AUTOSCALER_END, AUTOSCALER_WORKLOAD, STATUS
from components.zero_trust.node_guard import guard_of

if TYPE_CHECKING:
    from components.manifests import Manifest
    from components.zero_trust.account import Rule

READ: Final = ("get", "list", "watch")
CLUSTER_RULES: Final[tuple[Rule, ...]] = (
    ("", ("events",), ("create", "patch")),
    ("", ("pods/eviction",), ("create",)),
    ("", ("nodes",), (*READ, "update")),
    (
        "",
        (
            *("namespaces", "persistentvolumeclaims", "persistentvolumes", "pods", "replicationcontrollers"),
            "services",
        ),
        READ,
    ),
    ("apps", ("daemonsets", "replicasets", "statefulsets"), READ),
    ("batch", ("jobs",), READ),
    ("policy", ("poddisruptionbudgets",), READ),
    ("resource.k8s.io", ("deviceclasses", "resourceclaims", "resourceslices"), READ),
    (
        "storage.k8s.io",
        ("csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"),
        READ,
    ),
)
"""In the whole cluster; `guard` says what of a node it may change."""
ROOM_RULES: Final[tuple[Manifest, ...]] = (
    {"api_groups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "api_groups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resource_names": [AUTOSCALER_WORKLOAD],
        "verbs": ["get", "update"],
    },
    {"api_groups": [""], "resources": ["configmaps"], "verbs": ["create", "list", "watch"]},
    {
        "api_groups": [""],
        "resources": ["configmaps"],
        "resource_names": [STATUS],
        "verbs": ["delete", "get", "update"],
    },
)
"""In its own namespace: which of its pods leads, what it says of itself, the order of pools with GPUs."""
ACCOUNT: Final = f"system:serviceaccount:{AUTOSCALER_END.replace('/', ':')}"
TAINTS: Final = ("DeletionCandidateOfClusterAutoscaler", "ToBeDeletedByClusterAutoscaler")
"""What it marks nodes with that idle, and that it is about to remove."""
OTHERS: Final = f".filter(taint, !(taint.key in {list(TAINTS)!r}))"
KEPT: Final = (f"object.spec.?taints.orValue([]){OTHERS} == oldObject.spec.?taints.orValue([]){OTHERS}",)
"""CEL, each true of a node whose other taints stay: they part tenants from each other."""


def guard() -> Manifest:
    """Return the spec of the policy that lets it mark a node for removal and cordon it, and change nothing else."""
    message = "the cluster autoscaler may mark a node for removal and cordon it, and no more"
    return guard_of("autoscaler", account=ACCOUNT, kept=KEPT, message=message)
