"""Why some changes of the code that controls share are noticed by no example."""

from __future__ import annotations

LOGIC: dict[str, dict[str, str]] = {}
NEVER_RUN = {"policies.workloads.workload": ("expand",)}
"""Functions that no check calls: what controls declare to read is written out for tests and pages alone."""
