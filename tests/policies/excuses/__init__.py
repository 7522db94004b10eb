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


def equivalents_of(module: str) -> dict[str, str]:
    """The changes of a module's code that nobody notices, with the reason: a control's in its family, or a room's."""
    *_, folder, name = module.split(".")
    control = name.upper().replace("_", "-")
    kept: dict[str, dict[str, str]] = (
        getattr(_family(control), "LOGIC", {}) if folder == "controls" else import_module(f"{__name__}.rooms").LOGIC
    )
    return kept.get(control if folder == "controls" else f"{folder}.{name}", {})


def _family(control: str) -> ModuleType | None:
    name = f"{__name__}.{control.partition('-')[0].lower()}"
    return import_module(name) if find_spec(name) is not None else None
