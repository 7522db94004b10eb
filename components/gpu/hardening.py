"""What hides GPUs from pods that asked for none, where a node image's container toolkit shows them to all.

Images whose default runtime is NVIDIA's give every GPU of the node to any container whose environment says so, and
every CUDA image says so. Two settings of the toolkit close this; it reads them at the start of each container, so
nothing has to be restarted. Both are off: a device comes by the device plugin's word to the container runtime (CDI)
alone. With the second on, a pod could take any GPU by a mount of its own.

Source: https://github.com/NVIDIA/aicr/issues/1839
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.gpu.names import HARDENING_WORKLOAD
from components.labels import selector
from components.node_pools.contract import POOL_NAME
from falaj.catalog.gpu_operator_images import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.gpu.runtime_spec import GpuRuntimeSpec
    from components.manifests import Manifest

COMPONENT: Final = "gpu-runtime"
FOLDER: Final = "/etc/nvidia-container-runtime"
"""Where the toolkit of a node keeps its settings."""
SCRIPT: Final = r"""
set -u
folder=${1:-/toolkit}
mark=${2:-/run/mark}
pause=${3:-60}
file=$folder/config.toml
key='accept-nvidia-visible-devices-(envvar-when-unprivileged|as-volume-mounts)'
hide() {
  [ -s "$file" ] || return 1
  { echo 'accept-nvidia-visible-devices-envvar-when-unprivileged = false'
    echo 'accept-nvidia-visible-devices-as-volume-mounts = false'
    sed -E "/^[[:space:]]*#?[[:space:]]*$key[[:space:]]*=/d" "$file" || return 1
  } > "$file.falaj" || return 1
  cmp -s "$file.falaj" "$file" && { rm -f "$file.falaj"; return 0; }
  chmod 644 "$file.falaj" && mv "$file.falaj" "$file"
}
trap 'exit 0' TERM INT
while :; do
  if hide; then touch "$mark/hidden"; else rm -f "$mark/hidden"; echo "no container toolkit in $folder to set"; fi
  sleep "$pause" & wait $!
done
"""
"""Writes both settings above all others, and again whenever something else rewrites the file.

It needs no tool of NVIDIA's, whose place differs from image to image. Settings at the top of a TOML file belong to no
table, as these have to.
"""


def hardening(spec: GpuRuntimeSpec, labels: Mapping[str, str]) -> Manifest:
    """Return the spec of the DaemonSet for the pools that need it."""
    return {
        "selector": {"match_labels": selector(HARDENING_WORKLOAD, COMPONENT)},
        "update_strategy": {"type": "RollingUpdate", "rolling_update": {"max_unavailable": "100%"}},
        "template": {
            "metadata": {"labels": dict(labels)},
            "spec": {
                "automount_service_account_token": False,
                "enable_service_links": False,
                "priority_class_name": "system-node-critical",
                "termination_grace_period_seconds": 5,
                # Before any tenant's pod, whatever keeps those off.
                "tolerations": [{"operator": "Exists"}],
                "affinity": _on(spec.unhidden),
                "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
                "containers": [_container(spec)],
                "volumes": [
                    {"name": "toolkit", "host_path": {"path": FOLDER, "type": "Directory"}},
                    {"name": "mark", "empty_dir": {"size_limit": "1Mi"}},
                ],
            },
        },
    }


def _on(pools: tuple[str, ...]) -> Manifest:
    expression = {"key": POOL_NAME, "operator": "In", "values": list(pools)}
    return {
        "node_affinity": {
            "required_during_scheduling_ignored_during_execution": {
                "node_selector_terms": [{"match_expressions": [expression]}]
            }
        }
    }


def _container(spec: GpuRuntimeSpec) -> Manifest:
    """The node's file belongs to root, and so does the one that takes its place; no other power of root is left."""
    return {
        "name": HARDENING_WORKLOAD,
        "image": spec.images[Part.OPERATOR],
        "image_pull_policy": "IfNotPresent",
        "command": ["sh", "-c", SCRIPT, HARDENING_WORKLOAD],
        "env": [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}],
        "readiness_probe": {"exec_": {"command": ["sh", "-c", "[ -f /run/mark/hidden ]"]}, "period_seconds": 5},
        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"cpu": "50m", "memory": "32Mi"}},
        "security_context": {
            "run_as_user": 0,
            "run_as_group": 0,
            "run_as_non_root": False,
            "allow_privilege_escalation": False,
            "privileged": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": [
            {"name": "toolkit", "mount_path": "/toolkit"},
            {"name": "mark", "mount_path": "/run/mark"},
        ],
    }
