"""What a runtime's metrics, or those of its GPUs, say of queue and health.

Names are Triton's and those of NVIDIA's DCGM exporter.
Source: https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
Source: https://github.com/NVIDIA/dcgm-exporter/blob/main/etc/default-counters.csv
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final

APPLICATION_XIDS: Final = frozenset({0, 13, 31, 43, 45, 68, 109})
"""Codes that speak of a program and not of the card, and none at all; NVIDIA's device plugin passes over the same.

Source: https://github.com/NVIDIA/k8s-device-plugin, internal/rm/health.go, read 2026-11-22
"""

_PENDING: Final = "nv_inference_pending_request_count"
_XID: Final = "DCGM_FI_DEV_XID_ERRORS"
_TRITON_UTILISATION: Final = "nv_gpu_utilization"
_DCGM_UTILISATION: Final = "DCGM_FI_DEV_GPU_UTIL"
_SAMPLE: Final = re.compile(
    rf"^({_PENDING}|{_XID}|{_TRITON_UTILISATION}|{_DCGM_UTILISATION})(?:\{{(.*)\}})?[ \t]+([^ \t\n]+)", re.MULTILINE
)
_NAMESPACE: Final = re.compile(r'(?:^|[,\s])(?:exported_)?namespace="([^"]*)"')
_PER_CENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the metrics."""

    pending: int | None = None
    """Requests that wait or run, of all clients; nothing where that is not told."""

    utilisation: float | None = None
    """Of the busiest GPU, from 0 to 1."""

    gpus: int = 0
    """GPUs that tell of their last error."""

    faults: tuple[int, ...] = ()
    """Errors of cards, by NVIDIA's numbers; each GPU tells of its last one."""

    @property
    def fault(self) -> str | None:
        """What is wrong where no GPU is left that is sound."""
        if not self.faults or len(self.faults) < self.gpus:
            return None
        return f"XID {', '.join(map(str, sorted({*self.faults})))}"


def read(text: str, namespace: str | None = None) -> Reading:
    """What metrics in Prometheus' text format say; with a namespace, of the GPUs of its pods alone."""
    pending: int | None = None
    utilisation: float | None = None
    xids = []
    for name, value in _samples(text, namespace):
        if name == _PENDING:
            pending = (pending or 0) + max(0, int(value))
        elif name == _XID:
            xids.append(int(value))
        else:
            share = value / _PER_CENT if name == _DCGM_UTILISATION else value
            utilisation = max(utilisation or 0.0, share)
    return Reading(pending, utilisation, len(xids), tuple(xid for xid in xids if xid not in APPLICATION_XIDS))


def _samples(text: str, namespace: str | None) -> Iterator[tuple[str, float]]:
    for name, labels, written in _SAMPLE.findall(text):
        if namespace is not None and name in {_XID, _DCGM_UTILISATION}:
            found = _NAMESPACE.search(labels)
            if found is None or found[1] != namespace:
                continue
        try:
            value = float(written)
        except ValueError:
            continue
        if isfinite(value):
            yield name, value
