"""What the node says of itself: the contract of GPU pools, and what GPU feature discovery would find.

Source: NVIDIA/k8s-device-plugin docs/gpu-feature-discovery/README.md (0719b2a) and internal/lm, read 2026-11-22
"""

from __future__ import annotations

from collections import Counter

from falaj.catalog.gpus import Sharing, mig_layout_name, mig_resource
from falaj.localcluster.gpu.devices import Devices, model_name, profile_memory
from falaj.localcluster.gpu.request import GpuNode

SIMULATED = "falaj.dev/simulated-gpu"
"""Label and annotation of the node: its GPUs are made up."""
NOT_READY = "falaj.dev/gpu-not-ready"
"""The taint of a node whose GPUs nobody can have yet."""
MIG_CONFIG = "nvidia.com/mig.config"
"""The layout that NVIDIA's MIG manager divides cards into; with ``.state``, whether it has."""
TAINTS = (
    {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
    {"key": NOT_READY, "value": "true", "effect": "NoSchedule"},
)
"""What the kubelet marks the node with when it registers it."""
ANNOTATIONS = {SIMULATED: "No GPU is in this node: falaj's local cluster made up what it says of them."}
ARCHITECTURES = {"5": "maxwell", "7": "turing", "8.0": "ampere", "8.6": "ampere", "8.9": "ada-lovelace"} | {
    "9": "hopper",
    "10": "blackwell",
}
"""By compute capability, or the first number of it."""


def pool(wanted: GpuNode) -> dict[str, str]:
    """The labels that a cloud's pool of such machines has from its first moment."""
    return {
        "falaj.dev/pool": "gpu",
        "falaj.dev/pool-name": "simulated-gpu",
        "falaj.dev/capacity": "on_demand",
        "falaj.dev/gpu-family": wanted.family,
        "falaj.dev/gpu-sharing": wanted.sharing,
        SIMULATED: "true",
        **({MIG_CONFIG: mig_layout_name(wanted.mig)} if wanted.mig else {}),
    }


def discovered(wanted: GpuNode, devices: Devices) -> dict[str, str]:
    """The labels of GPU feature discovery: MIG strategy ``mixed`` where a card is divided, ``none`` elsewhere."""
    card = wanted.card
    major, _, minor = card.compute_capability.partition(".")
    shared = wanted.sharing is Sharing.TIME_SLICING
    all_divided = all(each.instances for each in devices.gpus)
    product = model_name(wanted).replace(" ", "-")
    return {
        "feature.node.kubernetes.io/pci-10de.present": "true",
        "nvidia.com/gpu.present": "true",
        "nvidia.com/gpu.product": f"{product}-SHARED" if shared else product,
        "nvidia.com/gpu.count": str(len(devices.gpus)),
        "nvidia.com/gpu.memory": str(devices.gpus[0].memory),
        "nvidia.com/gpu.family": ARCHITECTURES.get(card.compute_capability) or ARCHITECTURES.get(major, "undefined"),
        "nvidia.com/gpu.compute.major": major,
        "nvidia.com/gpu.compute.minor": minor,
        "nvidia.com/gpu.replicas": "0" if all_divided else str(wanted.time_slices),
        "nvidia.com/gpu.sharing-strategy": "time-slicing" if shared else "none",
        "nvidia.com/gpu.mode": "compute",
        "nvidia.com/mig.capable": str(Sharing.MIG in card.sharing).lower(),
        "nvidia.com/mig.strategy": "mixed" if wanted.mig else "none",
        **({f"{MIG_CONFIG}.state": "success"} if wanted.mig else {}),
        **_parts(wanted, devices, product),
    }


def _parts(wanted: GpuNode, devices: Devices, product: str) -> dict[str, str]:
    counted = Counter(part.profile for card in devices.gpus for part in card.instances)
    labels: dict[str, str] = {}
    for profile, count in counted.items():
        facts = {
            "product": f"{product}-MIG-{profile.replace('+', '.')}",
            "count": count,
            "memory": profile_memory(profile),
            "replicas": 1,
            "slices.gi": wanted.card.mig_profiles[profile].compute,
            "slices.ci": wanted.card.mig_profiles[profile].compute,
        }
        labels |= {f"{mig_resource(profile)}.{name}": str(value) for name, value in facts.items()}
    return labels
