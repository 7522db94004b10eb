"""Whether the proofs of controls notice a mutant of code: those are asked that run it, the quickest first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import pytest

from policies.control import Control, Example
from policies.evaluator import Verdict
from tests.policies.mutation.code import CodeMutant, inner_codes
from tests.policies.mutation.places import LONGEST, TookTooLong, at_most, forget, in_place_of, recorded
from tests.policies.proof import judged, unmended


@dataclass(frozen=True, eq=False)
class Proof:
    """One thing that holds as long as the code is right."""

    holds: Callable[[], bool]


def proofs(control: Control[Any]) -> Iterator[Proof]:
    """Yield what the examples of a control say, as tests/policies/test_controls.py asserts it."""
    for kind, holds in HOLDS.items():
        yield from (Proof(partial(holds, control, example)) for example in getattr(control.examples, kind))
    if control.mends is not None:
        yield Proof(lambda: not any(unmended(control)))


def is_good(control: Control[Any], example: Example) -> bool:
    return judged(control, example).verdict is Verdict.PASS


def is_bad(control: Control[Any], example: Example) -> bool:
    result = judged(control, example)
    return tuple(map(str, result.findings)) == example.says and result.undecided == ()


def is_unknown(control: Control[Any], example: Example) -> bool:
    result = judged(control, example)
    return result.verdict is Verdict.UNKNOWN and tuple(str(each.at) for each in result.undecided) == example.says


def is_not_applicable(control: Control[Any], example: Example) -> bool:
    result = judged(control, example)
    return result.verdict is Verdict.NOT_APPLICABLE and bool(result.reason)


HOLDS: Mapping[str, Callable[[Control[Any], Example], bool]] = {
    "bad": is_bad,
    "good": is_good,
    "unknown": is_unknown,
    "not_applicable": is_not_applicable,
}


def by_code(asked: Iterable[Proof]) -> Mapping[CodeType, list[Proof]]:
    """Map each code object to the proofs that run it, the quickest first. Refuses a proof that does not hold."""
    found: dict[CodeType, list[tuple[float, Proof]]] = {}
    for proof in asked:
        called: set[CodeType] = set()
        forget()
        started = time.perf_counter()
        with recorded(called):
            assert proof.holds()
        took = time.perf_counter() - started
        for code in called:
            found.setdefault(code, []).append((took, proof))
    return {code: [proof for _, proof in sorted(runs, key=lambda run: run[0])] for code, runs in found.items()}


def runs_of(function: FunctionType, known: Mapping[CodeType, list[Proof]]) -> list[Proof]:
    """Return the proofs that call a function, or one that it made."""
    codes = (function.__code__, *inner_codes(function.__code__))
    return [*dict.fromkeys(proof for code in codes for proof in known.get(code, ()))]


def is_noticed(mutant: CodeMutant, asked: Iterable[Proof]) -> bool | None:
    """Tell whether any of the proofs falls; nothing where the mutant is no Python."""
    made = mutant.made()
    if made is None:
        return None
    with ExitStack() as stack:
        stack.enter_context(in_place_of(mutant.of.live(), made))
        stack.enter_context(at_most(LONGEST))
        try:
            return not all(proof.holds() for proof in asked)
        except (Exception, pytest.fail.Exception, TookTooLong):  # noqa: BLE001 - whatever a mutant raises is noticed
            return True
