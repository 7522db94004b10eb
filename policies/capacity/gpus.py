"""How GPUs are asked for and shared: the names and settings by which Kubernetes hands them out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import yaml

from falaj.catalog.labels import TENANT
from policies.capacity.machines import has_gpu, sizes_of
from policies.capacity.pools import pools_in, taint_of
from policies.node import Node
from policies.resources import Plan

WHOLE: Final = re.compile(r"nvidia\.com/gpu|amd\.com/gpu|nvidia\.com/mig-\d+g\.\d+gb(\.me|\.all)?(\.\w+)*(?<!\.shared)")
"""Resources that are a GPU, or a part of one with memory and processors of its own."""
_OF_A_GPU: Final = re.compile(r"gpu|cuda|/mig-", re.IGNORECASE)
SHARING: Final = ("timeSlicing", "mps")
"""The ways in which NVIDIA's device plugin hands one GPU to several pods."""
STRATEGIES: Final = ("TimeSlicing", "MPS")
"""The same for a claim of a device."""
VISIBLE: Final = "NVIDIA_VISIBLE_DEVICES"
NOTHING_VISIBLE: Final = ("void", "none")
MPS_CLIENT: Final = "CUDA_MPS_PIPE_DIRECTORY"
_KEEPS_OTHERS_OFF: Final = ("NoSchedule", "NoExecute")


def is_shared(name: str) -> bool:
    """Tell whether a resource is a GPU that several pods use at once."""
    return bool(_OF_A_GPU.search(name)) and not WHOLE.fullmatch(name)


def sharing_in(text: object) -> list[str]:
    """Return the ways of sharing that a device plugin's configuration switches on; none for any other text."""
    if not isinstance(text, str) or "sharing" not in text:
        return []
    try:
        found = yaml.load(text[:], yaml.CSafeLoader)
    except yaml.YAMLError:
        return []
    sharing = found.get("sharing") if isinstance(found, Mapping) else None
    return [way for way in SHARING if isinstance(sharing, Mapping) and sharing.get(way)]


def may_have_gpu(size: Node) -> bool:
    """Tell whether machines of a size have a GPU, or may have one."""
    return not size.known or has_gpu(size.value)


def each_has_one_tenant(plan: Plan) -> bool:
    """Tell whether the stack makes pools with GPUs, and keeps all tenants but one off each of them.

    A pool whose sizes are not known yet may have GPUs.
    """
    with_gpus = [pool for pool in pools_in(plan) if any(may_have_gpu(size) for size in sizes_of(pool, plan))]
    taints = [[taint_of(taint.value) for taint in pool.taints.items()] for pool in with_gpus]
    return bool(taints) and all(
        any(each is not None and each.key == TENANT and each.effect in _KEEPS_OTHERS_OFF for each in found)
        for found in taints
    )
