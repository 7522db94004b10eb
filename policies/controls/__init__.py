"""One module per control, named after its id."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

from policies.control import Control


@cache
def load() -> tuple[Control[Any], ...]:
    """Return every control of the pack in the order of their ids. Refuses a module whose name is not its control's."""
    controls = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        control: Control[Any] = importlib.import_module(f"{__name__}.{module.name}").CONTROL
        if module.name != control.id.lower().replace("-", "_"):
            raise ValueError(f"control {control.id} lies in {module.name}.py, expected its id as file name")
        controls.append(control)
    return tuple(controls)


def named(*ids: str) -> tuple[Control[Any], ...]:
    """Return the controls with these ids, in their order. KeyError for an id that no control has."""
    known = {control.id: control for control in load()}
    return tuple(known[each] for each in ids)
