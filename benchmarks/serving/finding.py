"""What the measurement of a row gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.figure import Figure


@dataclass(frozen=True)
class Finding:
    """Figures beside their goals, and what they were reckoned from."""

    figures: list[Figure]
    details: dict[str, Any] = field(default_factory=dict)
