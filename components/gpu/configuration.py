"""What the parts of the GPU operator read from ConfigMaps: how GPUs are shared and divided, and what is measured.

They are objects of the program and not values of the chart, so that policies judge them like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from components.gpu.node_labels import NOT_SHARED, UNDIVIDED, plugin_config_name
from falaj.catalog.gpus import Sharing, mig_layout_name
from falaj.catalog.recipes import DriverOwner, MigBy

if TYPE_CHECKING:
    from components.gpu.runtime_spec import GpuRuntimeSpec
    from components.gpu.spec import GpuSpec

PLUGIN_NAME: Final = "gpu-sharing"
LAYOUTS_NAME: Final = "gpu-layouts"
COUNTERS_NAME: Final = "gpu-counters"
PACKAGES_NAME: Final = "gpu-driver-packages"
COUNTERS_FILE: Final = "dcgm-metrics.csv"
"""The one key under which the exporter looks for its counters."""
LAYOUTS_FILE: Final = "config.yaml"
"""The one key under which the MIG manager looks for layouts."""
PACKAGES_FILE: Final = "custom-repo.list"
RELEASES: Final = ("noble", "noble-updates", "noble-security")
"""Ubuntu 24.04, as its package archive calls it."""
WAYS: Final = {Sharing.TIME_SLICING: "timeSlicing", Sharing.MPS: "mps"}
COUNTERS: Final = (
    ("DCGM_FI_DEV_GPU_UTIL", "gauge", "Share of time in which the GPU computed (percent)."),
    ("DCGM_FI_DEV_MEM_COPY_UTIL", "gauge", "Share of time in which its memory was read or written (percent)."),
    ("DCGM_FI_DEV_FB_USED", "gauge", "Memory in use (MiB)."),
    ("DCGM_FI_DEV_FB_FREE", "gauge", "Memory free (MiB)."),
    ("DCGM_FI_DEV_FB_RESERVED", "gauge", "Memory the driver keeps for itself (MiB)."),
    ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", "gauge", "Share of time in which any engine computed; parts by MIG have it too."),
    ("DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "gauge", "Share of cycles in which tensor cores computed."),
    ("DCGM_FI_PROF_DRAM_ACTIVE", "gauge", "Share of cycles in which memory was read or written."),
    ("DCGM_FI_DEV_SM_CLOCK", "gauge", "Clock of the processors (MHz)."),
    ("DCGM_FI_DEV_POWER_USAGE", "gauge", "Power drawn (W)."),
    ("DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "counter", "Energy used since the driver was loaded (mJ)."),
    ("DCGM_FI_DEV_GPU_TEMP", "gauge", "Temperature of the GPU (degrees Celsius)."),
    ("DCGM_FI_DEV_MEMORY_TEMP", "gauge", "Temperature of its memory (degrees Celsius)."),
    ("DCGM_FI_DEV_XID_ERRORS", "gauge", "Number of the last error of the driver; 0 while there was none."),
    ("DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS", "counter", "Rows of memory replaced after an error nobody could mend."),
    ("DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS", "counter", "Rows of memory replaced after errors that were mended."),
    ("DCGM_FI_DEV_ROW_REMAP_FAILURE", "gauge", "Whether a row could not be replaced: the card has to go."),
    ("DCGM_FI_DEV_PCIE_REPLAY_COUNTER", "counter", "Transfers over PCIe that had to be repeated."),
    ("DCGM_FI_DRIVER_VERSION", "label", "Version of the driver."),
)
"""What is measured: the field of DCGM, its kind, and what it means in words without a comma, which ends a column."""


def shares(spec: GpuRuntimeSpec) -> bool:
    """Whether the operator's device plugin shares GPUs on any pool."""
    return any(_is_shared_here(spec, name) for name in spec.pools)


def _is_shared_here(spec: GpuRuntimeSpec, pool: str) -> bool:
    operator = spec.node_images[pool].gpu_operator
    return operator is not None and operator.device_plugin and spec.pools[pool].sharing in WAYS


def plugin_configurations(spec: GpuRuntimeSpec, strategy: str) -> dict[str, str]:
    """Return the device plugin's configurations by name; a node's label names its own."""
    found = {NOT_SHARED: _text({"version": "v1", "flags": {"migStrategy": strategy}})}
    for name, gpu in spec.pools.items():
        if _is_shared_here(spec, name):
            found[plugin_config_name(gpu)] = _text(
                {"version": "v1", "flags": {"migStrategy": strategy}, "sharing": {WAYS[gpu.sharing]: _shared(gpu)}}
            )
    return found


def _shared(gpu: GpuSpec) -> dict[str, Any]:
    """More than one share for a pod would promise more computing than any number of shares gives."""
    resources = [{"name": "nvidia.com/gpu", "replicas": gpu.replicas}]
    return {"renameByDefault": False, "failRequestsGreaterThanOne": True, "resources": resources}


def layouts(spec: GpuRuntimeSpec) -> str:
    """Return the layouts of parts by name; a node's label names its own."""
    found: dict[str, Any] = {UNDIVIDED: [{"devices": "all", "mig-enabled": False}]}
    for name, gpu in spec.pools.items():
        if gpu.sharing is Sharing.MIG and spec.node_images[name].mig_by is MigBy.MANAGER:
            found[mig_layout_name(gpu.mig_layout)] = [
                {"devices": "all", "mig-enabled": True, "mig-devices": dict(sorted(gpu.mig_layout.items()))}
            ]
    return _text({"version": "v1", "mig-configs": found})


def counters() -> str:
    """Return what the exporter measures, in its own form."""
    return "".join(f"{field}, {kind}, {meaning}\n" for field, kind, meaning in COUNTERS)


def package_sources(spec: GpuRuntimeSpec) -> str | None:
    """Return where the driver's container finds packages; None where the operator installs no driver."""
    owners = {image.driver_owner for image in spec.node_images.values()}
    if spec.packages is None or DriverOwner.OPERATOR not in owners:
        return None
    return "".join(f"deb [arch=amd64] {spec.packages.url} {release} main universe\n" for release in RELEASES)


def _text(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False)
