"""All residency breakers of the catalog are caught: each has one case, and nothing has a case but them."""

from __future__ import annotations

from datetime import date

import pytest

from falaj.catalog.global_services import residency_breakers
from falaj.preflight import offline
from policies.controls import named
from policies.evaluator import Verdict, evaluate
from tests.policies.residency.breakers import BREAKERS
from tests.preflight.stacks import on_aws

TODAY = date(2026, 11, 22)


def test_every_breaker_of_the_catalog_has_a_case_and_no_case_is_without_one() -> None:
    assert list(BREAKERS) == list(residency_breakers())
    assert len(BREAKERS) == 50


@pytest.mark.parametrize("key", residency_breakers())
def test_a_residency_breaker_is_caught_in_every_form(key: str) -> None:
    row, shown = residency_breakers()[key], BREAKERS[key]

    for form in shown.in_plans:
        results = evaluate(form.resources, controls=named(form.control), config=form.config)
        result = next(each for each in results if each.urn == form.resources[0].urn)
        assert (tuple(map(str, result.findings)), result.verdict) == (form.findings, Verdict.FAIL)
    for before in shown.before_plans:
        wanted = on_aws(state=before.state, pulumi=before.command)
        (finding,) = [each for each in offline(wanted, TODAY) if each.what == before.row]
        assert (finding.found, finding.verdict) == (before.found, before.verdict)
        assert finding.next_step
    assert {form.control for form in shown.in_plans} == set(row.controls)
    assert {before.row for before in shown.before_plans} == set(row.preflight)
