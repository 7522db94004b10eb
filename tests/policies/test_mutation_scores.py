"""The scores of the mutation proof that are kept are those of every family, and high enough."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.controls import load
from tests.policies.mutation.rooms import LEAST, ROOMS

KEPT = json.loads((Path(__file__).parents[2] / "benchmarks/results/mutation.json").read_text(encoding="utf-8"))
FAMILIES = {control.id.partition("-")[0] for control in load()}
SCORES = [pytest.param(what, name, id=f"{what}: {name}") for what in ("resources", "code") for name in KEPT[what]]


def counts(what: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = KEPT[what][name]
    return found


@pytest.mark.parametrize(
    ("what", "others"), [("resources", {"high and critical", "low and medium"}), ("code", {*ROOMS})]
)
def test_every_family_has_a_score(what: str, others: set[str]) -> None:
    assert set(KEPT[what]) == FAMILIES | others | {"all"}
    assert sum(counts(what, name)["made"] for name in FAMILIES) > 10_000


@pytest.mark.parametrize(("what", "name"), SCORES)
def test_a_score_is_high_enough(what: str, name: str) -> None:
    found = counts(what, name)

    assert found["killed"] + found["explained"] + found["unexplained"] == found["made"]
    assert found["unexplained"] <= (1 - LEAST) * found["made"]
    assert found["score"] == round(found["killed"] / found["made"], 4)


def test_every_mutant_of_what_a_grave_control_reads_is_killed_or_explained() -> None:
    assert counts("resources", "high and critical")["unexplained"] == 0


def test_the_code_of_the_pack_is_proven_by_its_examples() -> None:
    assert counts("code", "all")["score"] >= LEAST
