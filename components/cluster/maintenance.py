"""When Azure may work on a cluster: one window for each kind of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.cluster.spec import MaintenanceSpec

KINDS = ("default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
"""Releases of the control plane and its add-ons, patches of Kubernetes, patches of the nodes, by Azure's own names."""


def windows(spec: MaintenanceSpec) -> dict[str, Any]:
    """Return every window by its name: weekly, all at the same hours. Azure may break them for urgent repairs."""
    window = {
        "schedule": {"weekly": {"day_of_week": spec.day, "interval_weeks": 1}},
        "start_time": spec.start,
        "duration_hours": spec.hours,
        "utc_offset": spec.utc_offset,
    }
    return dict.fromkeys(KINDS, window)
