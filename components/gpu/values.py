"""The values of the GPU operator's chart: the rows of the catalog decide them, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from components.gpu.configuration import COUNTERS_NAME, LAYOUTS_NAME, PACKAGES_NAME, PLUGIN_NAME, shares
from components.gpu.names import METRICS_PORT, OPERANDS_WORKLOAD
from components.gpu.node_labels import NOT_SHARED, UNDIVIDED
from components.gpu.sources import located
from components.labels import COMPONENT, NAME
from components.node_pools.contract import CAPACITY, CRITICAL_ADDONS, GPU_NOT_READY, GPU_PRESENT, NO_SCHEDULE, POOL
from falaj.catalog.gpu_operator_images import Part
from falaj.catalog.labels import TENANT
from falaj.catalog.recipes import DriverOwner

if TYPE_CHECKING:
    from components.gpu.runtime_spec import GpuRuntimeSpec

Values = dict[str, Any]

NOT_MIRRORED: Final = {"image": "not-mirrored", "version": "none"}
"""What a part is called that never starts: a name that leads abroad is not to stand in the cluster."""
UNUSED: Final = (
    "ccManager",
    "gdrcopy",
    "gds",
    "kataManager",
    "kataSandboxDevicePlugin",
    "nodeStatusExporter",
    "sandboxDevicePlugin",
    "vgpuDeviceManager",
)
"""Parts of the chart for virtual machines, confidential computing and storage, which nothing here uses."""
UNUSED_WITH_DRIVER_MANAGER: Final = ("vfioManager", "vgpuManager")
AZURE_SPOT: Final = "kubernetes.azure.com/scalesetpriority"
"""The taint that AKS itself puts on spot machines."""
RUNTIME_CLASSES: Final = {("aks", DriverOwner.IMAGE): "nvidia-container-runtime"}
"""What the container runtime calls NVIDIA's, where it is not `nvidia`."""
POD_LABELS: Final = (TENANT, NAME, "falaj.dev/tier", "falaj.dev/model-name")
"""Labels of the pod that uses a GPU, by which its measurements are told apart: tenant, endpoint, tier, model."""


def values(spec: GpuRuntimeSpec) -> Values:
    """Return the chart's values for the pools of a cluster."""
    return {
        "platform": {"openshift": False},
        "psa": {"enabled": False},
        "cdi": {"enabled": True, "nriPluginEnabled": False},
        "sandboxWorkloads": {"enabled": False},
        "mig": {"strategy": mig_strategy(spec)},
        "operator": _operator(spec),
        "validator": {
            **_joined(spec, Part.OPERATOR),
            "plugin": {"env": [{"name": "WITH_WORKLOAD", "value": "false"}]},
        },
        "daemonsets": _daemonsets(spec),
        "driver": _driver(spec),
        "toolkit": _toolkit(spec),
        "devicePlugin": _device_plugin(spec),
        "gfd": {"enabled": True, **_operand(spec, Part.DEVICE_PLUGIN)},
        "dcgm": {"enabled": False, **_absent(spec)},
        "dcgmExporter": _dcgm_exporter(spec),
        "migManager": _mig_manager(spec),
        **_unused(spec),
        **_discovery(spec),
        **({"clusterPolicy": {"deployCR": True}, "gpuCluster": {"deployCR": False}} if _chooses(spec) else {}),
    }


def runtime_class(spec: GpuRuntimeSpec) -> str:
    """Return the runtime class in which containers get at GPUs."""
    (owner,) = {image.driver_owner for image in spec.node_images.values()}
    return RUNTIME_CLASSES.get((spec.target, owner), "nvidia")


def mig_strategy(spec: GpuRuntimeSpec) -> str:
    """Return how divided cards are called: the one word of all pools that divide theirs."""
    found = {gpu.mig_strategy for gpu in spec.pools.values()} - {"none"}
    return found.pop() if found else "none"


def _chooses(spec: GpuRuntimeSpec) -> bool:
    return spec.release.chooses_policy


def _operator(spec: GpuRuntimeSpec) -> Values:
    return {
        **_joined(spec, Part.OPERATOR),
        "runtimeClass": runtime_class(spec),
        # Definitions are a step of their own, and stay when the chart goes.
        "upgradeCRD": False,
        "cleanupCRD": False,
        "tolerations": [_exists(CRITICAL_ADDONS)],
        "resources": {"requests": {"cpu": "100m", "memory": "300Mi"}, "limits": {"cpu": "500m", "memory": "700Mi"}},
    }


def _daemonsets(spec: GpuRuntimeSpec) -> Values:
    return {
        "labels": {NAME: OPERANDS_WORKLOAD, COMPONENT: "gpu-runtime", "falaj.dev/owner": spec.owner},
        "tolerations": _every_gpu_node(spec),
        "priorityClassName": "system-node-critical",
        "updateStrategy": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "1"},
    }


def _driver(spec: GpuRuntimeSpec) -> Values:
    # Another driver comes with another pool: an upgrade in place would take GPUs from under running pods.
    policy = {"upgradePolicy": {"autoUpgrade": False}}
    if Part.DRIVER not in spec.parts:
        return {"enabled": False, **_absent(spec), "manager": _absent(spec), **policy}
    return {
        "enabled": True,
        **_operand(spec, Part.DRIVER),
        "manager": _joined(spec, Part.DRIVER_MANAGER),
        "nvidiaDriverCRD": {"enabled": False},
        "usePrecompiled": False,
        "kernelModuleType": "open",
        "repoConfig": {"configMapName": PACKAGES_NAME},
        # It is compiled on the node.
        "resources": {"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"cpu": "4", "memory": "8Gi"}},
        **policy,
    }


def _toolkit(spec: GpuRuntimeSpec) -> Values:
    if Part.TOOLKIT not in spec.parts:
        return {"enabled": False, **_absent(spec)}
    # Devices come to a container through its pod's claim on the device plugin (CDI) and by no other way: neither by a
    # variable, which every CUDA image sets to all, nor by a mount that any pod could make.
    closed = (
        "ACCEPT_NVIDIA_VISIBLE_DEVICES_ENVVAR_WHEN_UNPRIVILEGED",
        "ACCEPT_NVIDIA_VISIBLE_DEVICES_AS_VOLUME_MOUNTS",
    )
    return {
        "enabled": True,
        **_operand(spec, Part.TOOLKIT),
        "env": [{"name": name, "value": "false"} for name in closed],
    }


def _device_plugin(spec: GpuRuntimeSpec) -> Values:
    runs = any(image.gpu_operator and image.gpu_operator.device_plugin for image in spec.node_images.values())
    config = {"create": False, "name": PLUGIN_NAME, "default": NOT_SHARED} if shares(spec) else {"create": False}
    return {"enabled": runs, **_operand(spec, Part.DEVICE_PLUGIN), "config": config}


def _dcgm_exporter(spec: GpuRuntimeSpec) -> Values:
    return {
        "enabled": True,
        **_operand(spec, Part.DCGM_EXPORTER),
        "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": str(METRICS_PORT)},
        "serviceMonitor": {"enabled": False},
        "config": {"create": False, "name": COUNTERS_NAME},
        "enablePodLabels": True,
        "podLabelAllowlistRegex": [f"^{label.replace('.', '[.]')}$" for label in POD_LABELS],
    }


def _mig_manager(spec: GpuRuntimeSpec) -> Values:
    if Part.MIG_MANAGER not in spec.parts:
        return {"enabled": False, **_absent(spec)}
    return {
        "enabled": True,
        **_operand(spec, Part.MIG_MANAGER),
        # Clouds let no guest reset a card: the division takes hold when the node starts anew.
        "env": [{"name": "WITH_REBOOT", "value": "true"}],
        "config": {"create": False, "name": LAYOUTS_NAME, "default": UNDIVIDED},
    }


def _unused(spec: GpuRuntimeSpec) -> Values:
    off = {"enabled": False, **_absent(spec)}
    return {
        **dict.fromkeys(UNUSED, off),
        **{key: {**off, "driverManager": _absent(spec)} for key in UNUSED_WITH_DRIVER_MANAGER},
    }


def _discovery(spec: GpuRuntimeSpec) -> Values:
    at = located(spec.images[Part.NODE_FEATURE_DISCOVERY])
    on_system_nodes = {"tolerations": [_exists(CRITICAL_ADDONS)]}
    return {
        "nfd": {"enabled": True, "nodefeaturerules": False},
        "node-feature-discovery": {
            "image": {
                "repository": f"{at.repository}/{at.name}@sha256",
                "tag": at.digest,
                "pullPolicy": "IfNotPresent",
            },
            "master": on_system_nodes,
            "gc": on_system_nodes,
            "worker": {"nodeSelector": {POOL: "gpu"}, "tolerations": _every_gpu_node(spec)},
        },
    }


def _every_gpu_node(spec: GpuRuntimeSpec) -> list[Values]:
    """Return what every taint of a node with GPUs is tolerated by."""
    own = [AZURE_SPOT] if spec.target == "aks" else []
    return [_exists(key) for key in (GPU_PRESENT.key, GPU_NOT_READY.key, TENANT, CAPACITY, *own)]


def _exists(key: str) -> Values:
    return {"key": key, "operator": "Exists", "effect": NO_SCHEDULE}


def _operand(spec: GpuRuntimeSpec, part: Part) -> Values:
    """Return an image that the operator puts together: it knows digests."""
    at = located(spec.images[part])
    return {
        "repository": at.repository,
        "image": at.name,
        "version": f"sha256:{at.digest}",
        "imagePullPolicy": "IfNotPresent",
    }


def _joined(spec: GpuRuntimeSpec, part: Part) -> Values:
    """Return an image that the chart's templates put together with a colon: the digest has to end where it stands."""
    at = located(spec.images[part])
    return {
        "repository": at.repository,
        "image": f"{at.name}@sha256",
        "version": at.digest,
        "imagePullPolicy": "IfNotPresent",
    }


def _absent(spec: GpuRuntimeSpec) -> Values:
    return {"repository": spec.registry, **NOT_MIRRORED}
