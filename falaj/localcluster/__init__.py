"""A real Kubernetes on this machine, built from pinned sources, that leaves nothing behind."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from falaj.localcluster import images
    from falaj.localcluster.binaries import build
    from falaj.localcluster.caches import trim
    from falaj.localcluster.gpu.conditions import Condition
    from falaj.localcluster.gpu.request import GpuNode
    from falaj.localcluster.machine import Finding, doctor, require_able
    from falaj.localcluster.progress import Progress
    from falaj.localcluster.removal import down
    from falaj.localcluster.report import GpuNodeStatus, Status, kubeconfig, logs, status
    from falaj.localcluster.start import up
    from falaj.localcluster.state import ComponentStatus

__all__ = [
    "ComponentStatus",
    "Condition",
    "Finding",
    "GpuNode",
    "GpuNodeStatus",
    "Progress",
    "Status",
    "build",
    "doctor",
    "down",
    "images",
    "kubeconfig",
    "logs",
    "require_able",
    "status",
    "trim",
    "up",
]

_HOMES = {
    "ComponentStatus": "state",
    "Condition": "gpu.conditions",
    "Finding": "machine",
    "GpuNode": "gpu.request",
    "GpuNodeStatus": "report",
    "Progress": "progress",
    "Status": "report",
    "build": "binaries",
    "doctor": "machine",
    "down": "removal",
    "kubeconfig": "report",
    "logs": "report",
    "require_able": "machine",
    "status": "report",
    "trim": "caches",
    "up": "start",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and only that: the command line is started more often than a cluster is."""
    if name == "images":
        return importlib.import_module("falaj.localcluster.images")
    if name in _HOMES:
        return getattr(importlib.import_module(f"falaj.localcluster.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
