"""The pod that lets others onto nodes whose GPUs can be had, and what holds its account to that."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Final

from components.gpu.names import GATE_WORKLOAD, GPU_NAMESPACE
from components.labels import selector
from components.node_pools.contract import GPU_NOT_READY
from components.zero_trust.node_guard import guard_of
from components.zero_trust.restricted import CONTAINER_SECURITY, POD_SECURITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from components.gpu.runtime_spec import GpuRuntimeSpec
    from components.manifests import Manifest

COMPONENT: Final = "gpu-runtime"
PROGRAM: Final = "gate.py"
FOLDER: Final = "/gate"
RULES: Final = (("", ("nodes",), ("list", "patch")), ("", ("pods",), ("list",)))
"""What the gate may do; `guard` says what of a node it may change."""
ACCOUNT: Final = f"system:serviceaccount:{GPU_NAMESPACE}:{GATE_WORKLOAD}"
KEPT: Final = (
    "object.spec.?unschedulable == oldObject.spec.?unschedulable",
    (
        "object.spec.?taints.orValue([]) == oldObject.spec.?taints.orValue([])"
        f".filter(taint, taint.key != '{GPU_NOT_READY.key}')"
    ),
)
"""CEL, each true of a node from which nothing but the start-up taint was taken."""


def program() -> str:
    """Return the gate's program."""
    return resources.files("components.gpu").joinpath(PROGRAM).read_text(encoding="utf-8")


def program_name() -> str:
    """Return the name of the ConfigMap that holds the program: another program is another name, and so another pod."""
    return f"{GATE_WORKLOAD}-{hashlib.sha256(program().encode()).hexdigest()[:10]}"


def gate(spec: GpuRuntimeSpec, labels: Mapping[str, str], *, account: pulumi.Output[str]) -> Manifest:
    """Return the spec of the gate's Deployment, with its program mounted."""
    return {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "revision_history_limit": 3,
        "selector": {"match_labels": selector(GATE_WORKLOAD, COMPONENT)},
        "template": {
            "metadata": {"labels": dict(labels)},
            "spec": {
                "service_account_name": account,
                "automount_service_account_token": True,
                "enable_service_links": False,
                "security_context": POD_SECURITY,
                "containers": [_container(spec)],
                "volumes": [{"name": "program", "config_map": {"name": program_name()}}],
            },
        },
    }


def _container(spec: GpuRuntimeSpec) -> Manifest:
    return {
        "name": GATE_WORKLOAD,
        "image": spec.gate_image,
        "image_pull_policy": "IfNotPresent",
        "command": ["python3", "-I", f"{FOLDER}/{PROGRAM}", *spec.unhidden],
        # The image may hold a model server's libraries; none of them is loaded, and none could report.
        "env": [{"name": "ORT_DISABLE_TELEMETRY", "value": "1"}],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": "96Mi"}},
        "security_context": CONTAINER_SECURITY,
        "volume_mounts": [{"name": "program", "mount_path": FOLDER, "read_only": True}],
    }


def guard() -> Manifest:
    """Return the spec of the policy that lets the gate take its taint off a node and change nothing else of it."""
    message = f"the gate may take {GPU_NOT_READY.key} off a node, and no more"
    return guard_of("gate", account=ACCOUNT, kept=KEPT, message=message)
