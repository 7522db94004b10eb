"""The pods of a router: its policy mounted read-only, nothing else; no model, no token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.labels import MODEL_SERVER
from components.serving.pods import ANNOUNCE_SECONDS, EXIT_SECONDS, GRACE_SECONDS, GRPC_PORT, HTTP_PORT, own_machines
from components.serving.triton_pods import METRICS_PORT
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
    from components.model_endpoint.spec import ModelEndpointSpec

POLICY_FOLDER = "/etc/router"
"""Where the policy is mounted."""
POLICY_FILE = "policy.json"
COMMAND = ("python3", "-m", "inference_router")
"""The router is a program of the ONNX Runtime image: on nodes of the CPU side it is there already."""


def pod_template(spec: ModelEndpointSpec, labels: dict[str, str], policy: str, digest: str) -> Manifest:
    """Return the pod template; with another digest of the policy, pods are exchanged."""
    own = spec.own
    return {
        "metadata": {"labels": labels, "annotations": {"falaj.dev/model": own.model, "falaj.dev/routing": digest}},
        "spec": {
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": POD_SECURITY,
            "termination_grace_period_seconds": ANNOUNCE_SECONDS + GRACE_SECONDS + EXIT_SECONDS,
            "topology_spread_constraints": spread_over(own.spread, own.endpoint, MODEL_SERVER),
            **(own_machines(own.tenant) if own.own_machines else {}),
            "containers": [_container(spec)],
            "volumes": [{"name": "policy", "config_map": {"name": policy}}],
        },
    }


def _arguments(spec: ModelEndpointSpec) -> list[str]:
    """Return what the router is told: where its runtimes are, and how it leaves."""
    cpu, gpu = (f"{side.endpoint}.{side.namespace}.svc:{HTTP_PORT}:{GRPC_PORT}" for side in (spec.cpu, spec.gpu))
    said = {
        "cpu": cpu,
        "gpu": f"{gpu}:{METRICS_PORT}",
        "grpc-port": GRPC_PORT,
        "policy": f"{POLICY_FOLDER}/{POLICY_FILE}",
        "drain-seconds": ANNOUNCE_SECONDS,
        "grace-seconds": GRACE_SECONDS,
    }
    return [f"--{name}={value}" for name, value in said.items()]


def _container(spec: ModelEndpointSpec) -> Manifest:
    return {
        "name": "router",
        "image": spec.router.image,
        "image_pull_policy": spec.router.pull_policy,
        "command": list(COMMAND),
        "args": _arguments(spec),
        "env": [{"name": "ORT_DISABLE_TELEMETRY", "value": "1"}],
        "ports": container_ports(http=HTTP_PORT, grpc=GRPC_PORT),
        "startup_probe": http_probe("/v2/health/live", "http", period=1, failures=60),
        "readiness_probe": http_probe("/v2/health/ready", "http", period=2, failures=2),
        "liveness_probe": http_probe("/v2/health/live", "http", period=10, failures=3),
        "resources": resource_requirements(spec.router.resources),
        "security_context": CONTAINER_SECURITY,
        "volume_mounts": [{"name": "policy", "mount_path": POLICY_FOLDER, "read_only": True}],
    }
