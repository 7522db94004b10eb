"""The code of the pack's checks: the controls' own modules, and the rooms that they share."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

import policies
from policies.controls import load
from tests.policies.mutation.code import CodeMutant, Function, functions_of
from tests.policies.mutation.noticing import Proof, by_code, is_noticed, proofs, runs_of
from tests.policies.mutation.places import recorded
from tests.policies.mutation.units import unit_proofs

PACK = Path(policies.__file__).parent
ROOMS = ("capacity", "continuity", "geography", "models", "networks", "observability", "ownership", "workloads")
"""Folders of what several controls share."""
LEAST = 0.95
"""The part of the mutants that must be killed."""


class Tried(NamedTuple):
    """What became of the mutants of one module."""

    made: int
    left: tuple[CodeMutant, ...]
    never_run: tuple[str, ...]
    """Functions that no proof runs, nor the import of any control."""

    @property
    def killed(self) -> int:
        """How many mutants were noticed."""
        return self.made - len(self.left)


def names_of(folder: str) -> list[str]:
    """Return the modules of a folder of the pack, without those that are data alone."""
    found = sorted(path.stem for path in (PACK / folder).glob("*.py") if path.stem != "__init__")
    return [f"policies.{folder}.{name}" for name in found]


def tried(name: str) -> Tried:
    """Try every mutant of a module: a control's by its own examples, a room's by all."""
    module = import_module(name)
    own = getattr(module, "CONTROL", None)
    known = of_the_pack() if own is None else by_code(proofs(own))
    made, left, never_run = 0, [], []
    for function in functions_of(module):
        asked = runs_of(function.live(), known)
        if not asked and not is_run_by_imports(function):
            never_run.append(function.name)
        for mutant in function.mutants() if asked else ():
            noticed = is_noticed(mutant, asked)
            made += noticed is not None
            left += [mutant] if noticed is False else []
    return Tried(made, tuple(left), tuple(never_run))


@cache
def of_the_pack() -> Mapping[CodeType, list[Proof]]:
    """What of the whole pack runs which code."""
    return by_code(chain(unit_proofs(), *map(proofs, load())))


def is_run_by_imports(function: Function) -> bool:
    """Tell whether a function makes what modules hold as data: examples, paths that are read, expressions."""
    code = function.live().__code__
    return any((each.co_filename, each.co_qualname) == (code.co_filename, code.co_qualname) for each in of_imports())


@cache
def of_imports() -> frozenset[CodeType]:
    """The code that runs when the modules of controls and rooms are imported: they are run again, for nothing."""
    load()
    called: set[CodeType] = set()
    for module in [*pack_modules()]:
        assert module.__file__ is not None
        code = compile(Path(module.__file__).read_text(encoding="utf-8"), module.__file__, "exec")
        with recorded(called):
            exec(code, {"__name__": module.__name__, "__file__": module.__file__})  # noqa: S102 - our own code
    return frozenset(called)


def pack_modules() -> Iterator[ModuleType]:
    for name, module in sys.modules.items():
        if name.startswith(tuple(f"policies.{folder}." for folder in ("controls", *ROOMS))):
            yield module
