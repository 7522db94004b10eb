"""How many cores a container may use; ONNX Runtime by itself counts those of the machine."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path


def usable_cores(root: Path) -> int:
    """Whole cores within the container's CPU quota and this process's affinity, at least one.

    ``root`` is the file system's root, given so that a test can bring its own.
    """
    return max(1, math.floor(min([len(os.sched_getaffinity(0)), *_quotas(root / "sys/fs/cgroup")])))


def _quotas(groups: Path) -> Iterator[float]:
    """A container sees its own control group at the mount, in version 2 or 1."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = (groups / "cpu.max").read_text().split()
        if quota != "max":
            yield int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):
        quota, period = ((groups / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        if int(quota) > 0:
            yield int(quota) / int(period)
