"""What the nodes of a pool tell the GPU operator: which of its parts stay away, how cards are divided and shared.

A cluster has one configuration of the operator; what differs from pool to pool is said here. Pools carry these labels
from birth, so that no part starts on a node before it is told to stay away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from falaj.catalog.gpus import Sharing, mig_layout_name
from falaj.catalog.recipes import MigBy, node_images

if TYPE_CHECKING:
    from components.gpu.spec import GpuSpec
    from falaj.catalog.recipes import NodeImage

DEPLOY: Final = "nvidia.com/gpu.deploy."
"""What a label begins with that keeps a part of the operator off a node, where it says `false`."""
MIG_CONFIG: Final = "nvidia.com/mig.config"
"""The layout into which the MIG manager divides the cards of a node."""
PLUGIN_CONFIG: Final = "nvidia.com/device-plugin.config"
"""The configuration that the device plugin takes on a node."""
UNDIVIDED: Final = "all-disabled"
"""The layout of cards that stay whole."""
NOT_SHARED: Final = "not-shared"
"""The configuration of a device plugin that hands out each GPU once."""


def node_labels(gpu: GpuSpec) -> dict[str, str]:
    """Return the labels that every node of a pool carries for the operator. Refuses an image that nobody knows."""
    image = node_images()[gpu.image]
    labels = switched_off(image)
    if image.gpu_operator is None:
        return labels
    if gpu.sharing is Sharing.MIG and image.mig_by is MigBy.MANAGER:
        labels[MIG_CONFIG] = mig_layout_name(gpu.mig_layout)
    elif image.mig_by is MigBy.MANAGER:
        labels[MIG_CONFIG] = UNDIVIDED
    if image.gpu_operator.device_plugin:
        labels[PLUGIN_CONFIG] = plugin_config_name(gpu)
    return labels


def switched_off(image: NodeImage) -> dict[str, str]:
    """Return the labels that keep off a node what its image brings itself; none where the chart's values do."""
    operator = image.gpu_operator
    if operator is None or operator.switched_off_by != "node_labels":
        return {}
    parts = {
        "driver": operator.driver,
        "container-toolkit": operator.toolkit,
        "device-plugin": operator.device_plugin,
        "mig-manager": image.mig_by is MigBy.MANAGER,
    }
    return {f"{DEPLOY}{part}": "false" for part, runs in parts.items() if not runs}


def plugin_config_name(gpu: GpuSpec) -> str:
    """Return the name of the device plugin's configuration on a pool, such as `time-slicing-4`."""
    if gpu.sharing in (Sharing.TIME_SLICING, Sharing.MPS):
        return f"{gpu.sharing.value.replace('_', '-')}-{gpu.replicas}"
    return NOT_SHARED
