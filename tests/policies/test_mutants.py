"""Every way to break what a control reads is caught: mutants of the good examples, killed or explained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from policies.control import Control
from policies.controls import load, named
from tests.policies.excuses import excuses_of
from tests.policies.excuses.excuse import Excuse, each
from tests.policies.mutation.resources import Mutant, covers, is_explained, tried


@pytest.mark.parametrize("control", load(), ids=lambda control: control.id)
def test_every_mutant_is_killed_or_explained(control: Control[Any]) -> None:
    found = tried(control)

    print(f"{control.id}: {found.killed} of {found.made} mutants killed, {len(found.left)} explained")
    assert [mutant.name for mutant in found.left if not is_explained(mutant)] == []
    assert found.killed > 10
    assert idle(excuses_of(control.id), found.left) == []


def idle(excuses: Iterable[Excuse], left: Sequence[Mutant]) -> list[str]:
    """The reasons that excuse a change, an example or a kind in which nothing survives, or do not say where."""
    return [
        excuse.reason for excuse in excuses if not is_needed(excuse, [each for each in left if covers(excuse, each)])
    ]


def is_needed(excuse: Excuse, covered: Sequence[Mutant]) -> bool:
    kinds = {mutant.kind for mutant in covered}
    return (
        bool(excuse.examples or excuse.of)
        and {*excuse.changes} == {mutant.change for mutant in covered}
        and {*excuse.examples} <= {mutant.example.label for mutant in covered}
        and (excuse.of in ("", "*") or not kinds.isdisjoint(excuse.of.split()))
    )


@pytest.mark.parametrize(
    "excuse",
    [
        Excuse(each("flip cut", "limitAmount"), "one change that nobody makes", "a budget"),
        Excuse(each("cut", "limitAmount"), "one example that there is not", ("a budget", "no example")),
        Excuse(each("cut", "limitAmount"), "another kind", of="Bucket"),
        Excuse(each("cut", "limitAmount"), "says nowhere"),
    ],
    ids=lambda excuse: excuse.reason,
)
def test_an_excuse_that_excuses_nothing_is_refused(excuse: Excuse) -> None:
    (control,) = named("TAG-003")

    assert idle([excuse], tried(control).left) == [excuse.reason]
