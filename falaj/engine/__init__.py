"""The embedded engine: runs an unmodified Pulumi Python program where no Pulumi CLI is at hand.

It speaks Pulumi's own protocol to the program, to providers and to policy packs, and keeps its state in Pulumi's
deployment format. It is for laptops, CI and places without a network; production belongs to the Pulumi CLI. Importing
this package is cheap: what it offers is loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from falaj.engine.events import (
        Diagnostic,
        EnforcementLevel,
        Event,
        PassFinished,
        PassKind,
        PassStarted,
        PolicyRemediated,
        PolicyViolated,
        Severity,
        Step,
        StepFailed,
        StepFinished,
        StepOp,
        StepSkipped,
        StepStarted,
        Violation,
    )
    from falaj.engine.operations import destroy, preview, preview_destroy, refresh, stop_on_violations, up
    from falaj.engine.options import Options, Result
    from falaj.engine.project import Project
    from falaj.engine.stack_state import StackSummary, export, set_aside, stack_outputs, stacks

__all__ = [
    "Diagnostic",
    "EnforcementLevel",
    "Event",
    "Options",
    "PassFinished",
    "PassKind",
    "PassStarted",
    "PolicyRemediated",
    "PolicyViolated",
    "Project",
    "Result",
    "Severity",
    "StackSummary",
    "Step",
    "StepFailed",
    "StepFinished",
    "StepOp",
    "StepSkipped",
    "StepStarted",
    "Violation",
    "destroy",
    "export",
    "preview",
    "preview_destroy",
    "refresh",
    "set_aside",
    "stack_outputs",
    "stacks",
    "stop_on_violations",
    "up",
]

_OPERATIONS = {"destroy", "preview", "preview_destroy", "refresh", "stop_on_violations", "up"}
_OPTIONS = {"Options", "Result"}
_STATE = {"StackSummary", "export", "set_aside", "stack_outputs", "stacks"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _OPERATIONS:
        module = "operations"
    elif name in _OPTIONS:
        module = "options"
    elif name in _STATE:
        module = "stack_state"
    else:
        module = "project" if name == "Project" else "events"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
