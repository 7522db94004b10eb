"""A day that somebody wrote down counts for a year, to the day, and never before it has come."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import analyzer_pb2

import policies
from falaj.catalog.model_annotations import ModelAnnotation
from policies.analyzer.adapter import Analyzer
from policies.controls import named
from policies.days import YEAR, day_of, is_within_a_year, lies_within
from policies.evaluator import Result, Verdict
from policies.examples.backups import vault
from policies.examples.served_models import HIGH_RISK, server
from policies.judgement import judge
from policies.node import Node
from policies.readers.source import Source, SourceKind
from policies.values import UNKNOWN
from tests.policies.test_adapter import request

NOW = date(2026, 11, 22)
PACK = Path(policies.__file__).parent
ADAPTER = PACK / "analyzer" / "adapter.py"


@pytest.mark.parametrize(
    ("text", "recent"),
    [
        ("2026-11-23", False),
        ("2026-11-22", True),
        ("2026-11-21", True),
        ("2025-11-23", True),
        ("2025-11-22", True),
        ("2025-11-21", False),
    ],
)
def test_a_year_is_counted_to_the_day(text: str, recent: bool) -> None:
    assert lies_within(text, YEAR, today=NOW) is recent


@given(ago=st.integers(-1000, 1000), days=st.integers(0, 1000))
def test_a_day_counts_from_the_day_itself_until_so_many_days_later(ago: int, days: int) -> None:
    assert lies_within(str(NOW - timedelta(days=ago)), days, today=NOW) is (0 <= ago <= days)


@pytest.mark.parametrize(
    "value", ["20261122", "2026-W47-7", "2026-13-01", "2026-02-30", "22.11.2026", " 2026-11-22", "", None, 20261122, {}]
)
def test_anything_else_is_no_day(value: object) -> None:
    assert day_of(value) is None
    assert lies_within(value, YEAR, today=NOW) is False


def test_a_day_is_told_from_one_of_more_than_a_year_ago_and_from_one_that_is_not_known() -> None:
    assert list(is_within_a_year(Node(str(NOW)), today=NOW)) == []
    assert [str(each) for each in is_within_a_year(Node("2020-01-31"), today=NOW)] == [
        ": found 2020-01-31, expected a day of the last 365, as YYYY-MM-DD"
    ]
    assert [str(each) for each in is_within_a_year(Node(UNKNOWN), today=NOW)] == [": not known yet"]


ASSESSED = Source(
    SourceKind.PREVIEW,
    "a stack",
    (
        server({**HIGH_RISK, ModelAnnotation.ASSESSED_ON: "2026-11-22"}),
        vault(),
    ),
    config={"falaj:lastVerifiedRestore": "2026-11-22"},
)


def judged_on(day: date) -> tuple[Result, ...]:
    return judge(ASSESSED, named("AIG-002", "BDR-006"), today=day).results


def test_one_plan_is_judged_otherwise_on_another_day_and_in_the_same_words_on_the_same() -> None:
    assert [result.verdict for result in judged_on(date(2026, 11, 22))] == [Verdict.PASS, Verdict.PASS]
    assert [result.verdict for result in judged_on(date(2027, 5, 22))] == [Verdict.PASS, Verdict.FAIL]
    assert [result.verdict for result in judged_on(date(2027, 11, 23))] == [Verdict.FAIL, Verdict.FAIL]
    assert [result.verdict for result in judged_on(date(2026, 11, 21))] == [Verdict.FAIL, Verdict.FAIL]
    assert repr(judged_on(date(2027, 5, 22))) == repr(judged_on(date(2027, 5, 22)))


def test_the_engine_is_answered_by_the_day_of_the_update_even_past_midnight() -> None:
    days = iter([date(2026, 11, 22), date(2027, 11, 22), date(2027, 11, 23)])
    analyzer = Analyzer(named("AIG-002"), today=lambda: next(days))
    asked = request(ASSESSED.resources[0])

    analyzer.configure_stack(analyzer_pb2.AnalyzerStackConfigureRequest())
    answers = [len(analyzer.analyze(asked).diagnostics) for _ in range(2)]
    analyzer.configure_stack(analyzer_pb2.AnalyzerStackConfigureRequest())

    assert [*answers, len(analyzer.analyze(asked).diagnostics)] == [0, 0, 1]


@pytest.mark.parametrize("file", sorted(PACK.rglob("*.py")), ids=lambda file: file.relative_to(PACK).as_posix())
def test_nothing_but_the_engines_adapter_looks_at_a_clock(file: Path) -> None:
    called = {
        f"{getattr(call.func.value, 'id', '')}.{call.func.attr}"
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    }

    clocks = called & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
    assert clocks == ({"datetime.now"} if file == ADAPTER else set())
