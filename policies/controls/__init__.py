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
    modules = sorted(found.name for found in pkgutil.iter_modules(__path__))
    return tuple(_control(module) for module in modules)


def named(*ids: str) -> tuple[Control[Any], ...]:
    """Return the controls with these ids, in their order. KeyError for an id that no control has."""
    known = {found.name for found in pkgutil.iter_modules(__path__)}
    modules = [each.lower().replace("-", "_") for each in ids]
    if strangers := [each for each, module in zip(ids, modules, strict=True) if module not in known]:
        raise KeyError(*strangers)
    return tuple(_control(module) for module in modules)


def _control(module: str) -> Control[Any]:
    control: Control[Any] = importlib.import_module(f"{__name__}.{module}").CONTROL
    if module != control.id.lower().replace("-", "_"):
        raise ValueError(f"control {control.id} lies in {module}.py, expected its id as file name")
    return control
