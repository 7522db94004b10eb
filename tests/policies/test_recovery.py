from __future__ import annotations

from typing import Any

import pytest

from policies.continuity.recovery import sites_beside
from policies.control import Control
from policies.controls.bdr_002 import CONTROL as BROUGHT_BACK
from policies.controls.bdr_002 import Recovery
from policies.controls.bdr_003 import CONTROL as BACKED_UP
from policies.controls.bdr_003 import Backups
from policies.controls.bdr_004 import CONTROL as SECOND_SITE
from policies.controls.bdr_004 import SecondSite
from policies.evaluator import Verdict, evaluate
from policies.examples.backups import lock, vault
from policies.examples.pools import aks
from policies.parameters import Parameters
from policies.resources import Resource, resource


def verdict(
    control: Control[Any], given: Parameters, *resources: Resource, config: dict[str, str] | None = None
) -> Verdict:
    return evaluate(resources, controls=[control], config=config, given={type(given): given})[0].verdict


@pytest.mark.parametrize(
    ("home", "another_provider", "sites"),
    [
        ("me-central-1", False, ["uaenorth", "uaecentral"]),
        ("me-central-1", True, ["uaenorth", "uaecentral"]),
        ("uaenorth", False, ["me-central-1", "uaecentral"]),
        ("uaenorth", True, ["me-central-1"]),
        ("me-south-1", False, ["me-central-1", "uaenorth", "uaecentral"]),
    ],
)
def test_a_second_site_is_another_region_of_the_country(home: str, another_provider: bool, sites: list[str]) -> None:
    assert sites_beside(home, another_provider=another_provider) == sites


def test_an_operator_may_ask_for_another_provider() -> None:
    config = {"falaj:profiles": "cbuae", "falaj:secondSite": "uaecentral"}

    assert verdict(SECOND_SITE, SecondSite(), aks(), config=config) is Verdict.PASS
    assert verdict(SECOND_SITE, SecondSite(another_provider=True), aks(), config=config) is Verdict.FAIL


def test_an_operator_may_ask_for_longer_recovery() -> None:
    database = resource("aws:rds/instance:Instance", {"backupRetentionPeriod": 14})

    assert verdict(BROUGHT_BACK, Recovery(), database) is Verdict.PASS
    assert verdict(BROUGHT_BACK, Recovery(least_days=30), database) is Verdict.FAIL


def test_an_operator_may_ask_for_longer_locks() -> None:
    locked = (vault(), lock(made_from=[vault()], minRetentionDays=30))

    assert verdict(BACKED_UP, Backups(), *locked) is Verdict.PASS
    assert verdict(BACKED_UP, Backups(least_days=90), *locked) is Verdict.FAIL
