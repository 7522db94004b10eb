"""The pods of Triton: the model mounted read-only, its checked copy and shared memory on volumes of the pod's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.labels import MODEL_SERVER
from components.node_pools.contract import CAPACITY, GPU_FAMILY, GPU_PRESENT, NO_SCHEDULE, POOL, Taint
from components.serving.pods import (
    ANNOUNCE_SECONDS,
    EXIT_SECONDS,
    GRACE_SECONDS,
    GRPC_PORT,
    HTTP_PORT,
    MODELS_FOLDER,
    own_machines,
)
from components.zero_trust.restricted import (
    CONTAINER_SECURITY,
    POD_SECURITY,
    container_ports,
    http_probe,
    resource_requirements,
    spread_over,
)

if TYPE_CHECKING:
    from components.manifests import Manifest
    from components.serving.triton_spec import TritonServerSpec

METRICS_PORT = 8082
"""Where Triton tells its counts; nothing reaches it unless a flow says so."""
WORK_FOLDER = "/work"
"""Where the checked copy of the model goes."""
SHARED_MEMORY_FOLDER = "/dev/shm"  # noqa: S108 - a mount path of the pod's own, not of this machine
START_SECONDS = 900
"""What a pod may take to answer: TensorRT may build engines for minutes."""
SPOT = (Taint(CAPACITY, "spot"), Taint("kubernetes.azure.com/scalesetpriority", "spot"))
"""What keeps pods off spot machines: our taint, and the one that AKS itself puts there."""
GPU_POOL = "gpu"
"""The role of pools whose nodes have GPUs."""


def pod_template(spec: TritonServerSpec, labels: dict[str, str]) -> Manifest:
    """Return the pod template of one endpoint."""
    return {
        "metadata": {"labels": labels, "annotations": {"falaj.dev/model": spec.model}},
        "spec": {
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": POD_SECURITY,
            "termination_grace_period_seconds": ANNOUNCE_SECONDS + GRACE_SECONDS + EXIT_SECONDS,
            "topology_spread_constraints": spread_over(spec.spread, spec.endpoint, MODEL_SERVER),
            **_machines(spec),
            "containers": [_container(spec)],
            "volumes": [
                {"name": "model", "image": {"reference": spec.model, "pull_policy": spec.model_pull_policy}},
                {"name": "work", "empty_dir": {"size_limit": spec.work}},
                {"name": "shared-memory", "empty_dir": {"medium": "Memory", "size_limit": spec.shared_memory}},
                {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}},
            ],
        },
    }


def _machines(spec: TritonServerSpec) -> Manifest:
    """Return what binds a pod to its tenant's machines, and to those with GPUs where it asks for some."""
    found: Manifest = own_machines(spec.tenant) if spec.own_machines else {}
    if spec.gpu is None:
        return found
    family = {} if spec.gpu.family is None else {GPU_FAMILY: spec.gpu.family}
    passed = [GPU_PRESENT, *(SPOT if spec.spot else ())]
    return {
        "node_selector": {**found.get("node_selector", {}), POOL: GPU_POOL, **family},
        "tolerations": [
            *found.get("tolerations", []),
            *({"key": key, "operator": "Equal", "value": value, "effect": NO_SCHEDULE} for key, value in passed),
        ],
    }


def _resources(spec: TritonServerSpec) -> Manifest:
    """Return requests and limits; GPUs are the same in both, because they can't be lent."""
    found: Manifest = resource_requirements(spec.resources)
    if spec.gpu is None:
        return found
    gpus = {spec.gpu.resource: str(spec.gpu.count)}
    return {kind: {**quantities, **gpus} for kind, quantities in found.items()}


def _container(spec: TritonServerSpec) -> Manifest:
    manifest = [f"--manifest-digest={spec.manifest_digest}"] if spec.manifest_digest else []
    return {
        "name": "triton",
        "image": spec.image,
        "image_pull_policy": spec.pull_policy,
        "args": [f"--grace-seconds={GRACE_SECONDS}", *manifest],
        "env": [{"name": "ORT_DISABLE_TELEMETRY", "value": "1"}],
        "ports": container_ports(http=HTTP_PORT, grpc=GRPC_PORT, metrics=METRICS_PORT),
        "lifecycle": {"pre_stop": {"sleep": {"seconds": ANNOUNCE_SECONDS}}},
        "startup_probe": http_probe("/v2/health/live", "http", period=1, failures=START_SECONDS),
        "readiness_probe": http_probe("/v2/health/ready", "http", period=2, failures=2),
        "liveness_probe": http_probe("/v2/health/live", "http", period=10, failures=3),
        "resources": _resources(spec),
        "security_context": CONTAINER_SECURITY,
        "volume_mounts": [
            {"name": "model", "mount_path": MODELS_FOLDER, "read_only": True},
            {"name": "work", "mount_path": WORK_FOLDER},
            {"name": "shared-memory", "mount_path": SHARED_MEMORY_FOLDER},
            {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108 - as above
        ],
    }
