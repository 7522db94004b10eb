"""Why some mutants of controls survive: one module for each family, named after the beginning of its ids.

`RESOURCES` says it of changed resources, by control; `LOGIC` of changed code, by change and control.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from tests.policies.excuses.excuse import Excuse


def excuses_of(control: str) -> tuple[Excuse, ...]:
    """What excuses mutants of the resources in a control's examples."""
    found: dict[str, tuple[Excuse, ...]] = getattr(_family(control), "RESOURCES", {})
    return found.get(control, ())


def equivalent(control: str) -> dict[str, str]:
    """The changes of a control's code that change nothing, each with the reason."""
    found: dict[str, dict[str, str]] = getattr(_family(control), "LOGIC", {})
    return found.get(control, {})


def _family(control: str) -> ModuleType | None:
    name = f"{__name__}.{control.partition('-')[0].lower()}"
    return import_module(name) if find_spec(name) is not None else None
