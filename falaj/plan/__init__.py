"""A stack's plan as data: sorted and kept as a golden file, compared before and after, taken down in order."""

from __future__ import annotations

from falaj.plan.comparison import Change, Effect, changes
from falaj.plan.losses import losses
from falaj.plan.model import Plan, PlannedResource
from falaj.plan.recording import plan_of
from falaj.plan.removal import Departure, Removal, removal_order, removal_problems

__all__ = [
    "Change",
    "Departure",
    "Effect",
    "Plan",
    "PlannedResource",
    "Removal",
    "changes",
    "losses",
    "plan_of",
    "removal_order",
    "removal_problems",
]
