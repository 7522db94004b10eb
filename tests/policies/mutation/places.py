"""Puts a mutant where everybody who calls the function finds it, and takes it away again."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from types import CodeType, FrameType, FunctionType
from typing import Any

from policies.controls import load
from tests.policies.mutation.code import inner_codes

LONGEST = 5.0
"""Seconds after which a mutant that never ends counts as noticed."""


def closures_of(function: FunctionType) -> list[tuple[int, FunctionType]]:
    """Functions that were made inside this one when modules were imported, each with its place among its codes."""
    made = closures()
    places = enumerate(inner_codes(function.__code__))
    return [(position, closure) for position, code in places for closure in made.get(code, ())]


@cache
def closures() -> Mapping[CodeType, list[FunctionType]]:
    """Every function that was made inside another one, by its code. Looked for once, as that takes a second."""
    load()
    found: dict[CodeType, list[FunctionType]] = {}
    for each in known_objects():
        if isinstance(each, FunctionType) and "<locals>" in each.__code__.co_qualname:
            found.setdefault(each.__code__, []).append(each)
    return found


def known_objects() -> list[object]:
    """Every object that may be garbage some day, those too that the whole suite has put aside once it was collected."""
    gc.unfreeze()
    alive = gc.get_objects()
    gc.freeze()
    return alive


@contextmanager
def in_place_of(function: FunctionType, mutant: FunctionType) -> Iterator[None]:
    """Give a function the code of a mutant, whoever has imported it, and what it made before as well."""
    inner = [*inner_codes(mutant.__code__)]
    pairs = [(function, mutant.__code__)]
    pairs += [(closure, inner[position]) for position, closure in closures_of(function) if position < len(inner)]
    fitting = [(each, code) for each, code in pairs if each.__code__.co_freevars == code.co_freevars]
    kept = [(each, each.__code__) for each, _ in fitting]
    defaults = function.__defaults__, function.__kwdefaults__
    try:
        for each, code in fitting:
            each.__code__ = code
        function.__defaults__, function.__kwdefaults__ = mutant.__defaults__, mutant.__kwdefaults__
        forget()
        yield
    finally:
        for each, code in kept:
            each.__code__ = code
        function.__defaults__, function.__kwdefaults__ = defaults
        forget()


def forget() -> None:
    """Clear what cached functions of the rooms remember."""
    for each in cached_functions():
        each.cache_clear()


@cache
def cached_functions() -> tuple[Any, ...]:
    """Every function of the pack that a room has and that remembers what it returned; the catalog does not change."""
    load()
    rooms = [module for name, module in sys.modules.items() if name.startswith("policies.") and is_room(name)]
    members = [member for module in rooms for member in vars(module).values() if hasattr(member, "cache_clear")]
    return tuple({id(each): each for each in members if each.__module__.startswith("policies.")}.values())


def is_room(name: str) -> bool:
    """Tell whether a module is shared by controls, neither the pack's core nor a control."""
    return name.count(".") > 1 and not name.startswith(("policies.controls.", "policies.examples."))


class TookTooLong(BaseException):
    """A mutant does not end. No Exception: what judges takes any of those for a check's own and may go on."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Stop what takes longer, by TookTooLong."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise TookTooLong(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def recorded(into: set[CodeType]) -> Iterator[None]:
    """Record the code of every function that is called."""

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            into.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)
