"""Kubernetes quantities of CPU and memory: checked, counted and added up."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_CPU = re.compile(r"(?P<milli>[1-9]\d{0,6})m|(?P<cores>\d{1,4}(\.\d{1,3})?)")
_MEMORY = re.compile(r"(?P<count>[1-9]\d{0,6})(?P<unit>Mi|Gi)")


def millicores(quantity: str) -> int:
    """Return a CPU quantity in thousandths of a core. Refuses anything but `250m`, `2` or `0.5`."""
    match = _CPU.fullmatch(quantity)
    amount = 0 if match is None else int(match["milli"] or 0) or round(float(match["cores"] or 0) * 1000)
    if amount == 0:
        raise ValueError("allowed: a CPU quantity above zero such as 250m, 1 or 0.5")
    return amount


def mebibytes(quantity: str) -> int:
    """Return a memory quantity in MiB. Refuses anything but whole Mi or Gi, such as `512Mi`."""
    match = _MEMORY.fullmatch(quantity)
    if match is None:
        raise ValueError("allowed: a memory quantity above zero such as 512Mi or 2Gi")
    return int(match["count"]) * (1024 if match["unit"] == "Gi" else 1)


def _checked_cpu(quantity: str) -> str:
    millicores(quantity)
    return quantity


def _checked_memory(quantity: str) -> str:
    mebibytes(quantity)
    return quantity


Cpu = Annotated[str, AfterValidator(_checked_cpu)]
"""CPU as Kubernetes writes it: `250m`, `1`."""
Memory = Annotated[str, AfterValidator(_checked_memory)]
"""Memory as Kubernetes writes it: `512Mi`, `2Gi`."""
