"""The mutation proof of the policy pack: how many mutants of resources and of code its examples kill."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import describe
from policies.control import Severity
from policies.controls import load
from tests.policies.excuses import equivalents_of
from tests.policies.excuses.everywhere import reason_everywhere
from tests.policies.mutation import resources, rooms

LEAST = rooms.LEAST
GRAVE = (Severity.HIGH, Severity.CRITICAL)
"""Where every mutant of a resource is killed or explained."""
ALL_GRAVE, OTHERS, ALL = SUMS = ("high and critical", "low and medium", "all")
Scores = dict[str, Counter[str]]


def measure(results: Path) -> bool:
    """Try every mutant, print and keep the scores of each family; tell whether all are high enough."""
    warnings.simplefilter("error", SyntaxWarning)
    click.echo("trying mutants of resources and of code", err=True)
    of_resources, of_code = _resource_scores(), _code_scores()
    record = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe(),
        "least": LEAST,
        "resources": _kept(of_resources),
        "code": _kept(of_code),
    }
    (results / "mutation.json").write_text(json.dumps(record, indent=2) + "\n")
    for what, scores in (("resources", of_resources), ("code", of_code)):
        for name in _ordered(scores):
            click.echo(f"{'met ' if _is_met(name, scores[name]) else 'MISS'}  {what:9} {_line(name, scores[name])}")
    return all(_is_met(*each) for scores in (of_resources, of_code) for each in scores.items())


def _resource_scores() -> Scores:
    """Count the mutants of resources by family of controls, those of grave controls apart as well."""
    scores: Scores = {}
    for control in load():
        found = resources.tried(control)
        explained = sum(map(resources.is_explained, found.left))
        counted = _count(found.made, len(found.left), explained)
        for name in (control.id.partition("-")[0], ALL_GRAVE if control.severity in GRAVE else OTHERS, ALL):
            scores.setdefault(name, Counter()).update(counted)
    return scores


def _code_scores() -> Scores:
    """Count the mutants of code by family of controls, and by the rooms that controls share."""
    scores: Scores = {}
    names = [name for folder in ("controls", *rooms.ROOMS) for name in rooms.names_of(folder)]
    for name in names:
        found, known = rooms.tried(name), equivalents_of(name)
        explained = sum(each.change in known or reason_everywhere(each.change) is not None for each in found.left)
        *_, folder, module = name.split(".")
        family = module.partition("_")[0].upper() if folder == "controls" else folder
        for kind in (family, ALL):
            scores.setdefault(kind, Counter()).update(_count(found.made, len(found.left), explained))
    return scores


def _count(made: int, left: int, explained: int) -> Counter[str]:
    return Counter(made=made, killed=made - left, explained=explained, unexplained=left - explained)


def _is_met(name: str, counted: Counter[str]) -> bool:
    """Tell whether enough mutants were killed or explained: of grave controls all."""
    least = 1 if name == ALL_GRAVE else LEAST
    return counted["killed"] + counted["explained"] >= least * counted["made"]


def _kept(scores: Scores) -> dict[str, Any]:
    """Return the counts of every family with the part that was killed."""
    return {name: {**scores[name], "score": round(_score(scores[name]), 4)} for name in _ordered(scores)}


def _ordered(scores: Scores) -> list[str]:
    """Return families first, the sums last."""
    return sorted(scores, key=lambda name: (name in SUMS, name))


def _score(counted: Counter[str]) -> float:
    return counted["killed"] / counted["made"] if counted["made"] else 1.0


def _line(name: str, counted: Counter[str]) -> str:
    return (
        f"{name:18} {counted['killed']:6} of {counted['made']:6} killed  {_score(counted):6.1%}  "
        f"{counted['explained']:5} explained  {counted['unexplained']:3} not"
    )
