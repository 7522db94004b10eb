"""Rules by which node feature discovery labels nodes that bring their own parts, however they came into the cluster.

Pools of this project carry the same labels from birth (`node_labels`). A node that something else starts, such as
another autoscaler, gets them with the labels of its hardware, and so before the operator looks at it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from components.gpu.node_labels import switched_off

if TYPE_CHECKING:
    from components.gpu.runtime_spec import GpuRuntimeSpec

NVIDIA: Final = "10de"
"""NVIDIA's number among the makers of PCI devices."""
RELEASE_IDS: Final = {
    "amazon_linux_2023": "amzn",
    "azure_linux_3": "azurelinux",
    "bottlerocket": "bottlerocket",
    "ubuntu": "ubuntu",
}
"""What each system calls itself in its os-release."""


def node_rules(spec: GpuRuntimeSpec) -> list[dict[str, Any]]:
    """Return a rule for each system of the pools that keeps parts of the operator off its nodes."""
    images = {image.system: image for image in spec.node_images.values() if image.system is not None}
    return [
        {
            "name": f"keep off {system.replace('_', ' ')} what it brings itself",
            "labels": labels,
            "matchFeatures": [
                {"feature": "system.osrelease", "matchExpressions": {"ID": _is(RELEASE_IDS[system])}},
                {"feature": "pci.device", "matchExpressions": {"vendor": _is(NVIDIA)}},
            ],
        }
        for system, image in sorted(images.items())
        if (labels := switched_off(image))
    ]


def _is(value: str) -> dict[str, Any]:
    return {"op": "In", "value": [value]}
