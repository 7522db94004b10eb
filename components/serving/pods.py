"""The pods of a model server: the model mounted read-only, nothing writable but /tmp, no token, no telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.labels import MODEL_SERVER, TENANT
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
    from components.serving.spec import OnnxRuntimeServerSpec

HTTP_PORT = 8080
"""Where the server answers the Open Inference Protocol over REST."""
GRPC_PORT = 8081
"""Where it answers the same over gRPC."""
MODELS_FOLDER = "/models"
"""Where the model image is mounted; it holds `<model>/<version>/model.onnx`."""
ANNOUNCE_SECONDS = 10
"""How long a leaving pod still answers, so that every gateway has stopped sending before it stops listening."""
GRACE_SECONDS = 20
"""How long requests that were already taken may still run."""
EXIT_SECONDS = 5
"""What the process may take to end after that, before it is killed."""


def pod_template(spec: OnnxRuntimeServerSpec, labels: dict[str, str]) -> Manifest:
    """Return the pod template of one endpoint."""
    return {
        "metadata": {"labels": labels, "annotations": {"falaj.dev/model": spec.model}},
        "spec": {
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": POD_SECURITY,
            "termination_grace_period_seconds": ANNOUNCE_SECONDS + GRACE_SECONDS + EXIT_SECONDS,
            "topology_spread_constraints": spread_over(spec.spread, spec.endpoint, MODEL_SERVER),
            **(own_machines(spec.tenant) if spec.own_machines else {}),
            "containers": [_container(spec)],
            "volumes": [
                {"name": "model", "image": {"reference": spec.model, "pull_policy": spec.model_pull_policy}},
                {"name": "tmp", "empty_dir": {"size_limit": "64Mi"}},
            ],
        },
    }


def own_machines(tenant: str) -> Manifest:
    """Return what binds a pod to the machines that carry its tenant's label and taint."""
    return {
        "node_selector": {TENANT: tenant},
        "tolerations": [{"key": TENANT, "operator": "Equal", "value": tenant, "effect": "NoSchedule"}],
    }


def _arguments(spec: OnnxRuntimeServerSpec) -> list[str]:
    """Return what the server is told beyond what the image says.

    Told to end, it is no longer ready but answers on, and asks for a new connection after each answer: no hook has to
    hold the signal back.
    """
    times = {"grpc-port": GRPC_PORT, "drain-seconds": ANNOUNCE_SECONDS, "grace-seconds": GRACE_SECONDS}
    manifest = [f"--manifest-digest={spec.manifest_digest}"] if spec.manifest_digest else []
    return [*(f"--{name}={value}" for name, value in times.items()), *manifest]


def _container(spec: OnnxRuntimeServerSpec) -> Manifest:
    return {
        "name": "onnxruntime",
        "image": spec.image,
        "image_pull_policy": spec.pull_policy,
        "args": _arguments(spec),
        "env": [{"name": "ORT_DISABLE_TELEMETRY", "value": "1"}],
        "ports": container_ports(http=HTTP_PORT, grpc=GRPC_PORT),
        "startup_probe": http_probe("/v2/health/live", "http", period=1, failures=120),
        "readiness_probe": http_probe("/v2/health/ready", "http", period=2, failures=2),
        "liveness_probe": http_probe("/v2/health/live", "http", period=10, failures=3),
        "resources": resource_requirements(spec.resources),
        "security_context": CONTAINER_SECURITY,
        "volume_mounts": [
            {"name": "model", "mount_path": MODELS_FOLDER, "read_only": True},
            {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108 - a mount path of the pod's own, not of this machine
        ],
    }
