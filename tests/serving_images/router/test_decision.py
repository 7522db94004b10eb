"""Which side a request goes to: rules, costs, targets, absences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from inference_router.decision.chooser import Chooser, Switch
from inference_router.decision.policy import Policy
from inference_router.decision.sides import Ask, Choice, Reason, Side, Size, Standing

THERE = Standing(1)
BOTH = {Side.CPU: THERE, Side.GPU: THERE}
ASK = Ask("iris", rows=4)


def policy(**fields: Any) -> Policy:  # noqa: ANN401 - any field
    return msgspec.convert({"probing": {"share": 0}, **fields}, Policy)


def chooser(milliseconds: tuple[float | None, float | None] = (None, None), **fields: Any) -> Chooser:  # noqa: ANN401 - as above
    """One that believes the request to take so long on CPU and on GPU, with both sides there."""
    made = Chooser(policy(**fields))
    made.look(BOTH, 0)
    made.switches.clear()
    for side, each in zip(Side, milliseconds, strict=True):
        if each is not None:
            made.observe(side, ASK, each / 1000, 1.0, 0)
    return made


def where(
    made: Chooser, ask: Ask = ASK, standings: Mapping[Side, Standing] = BOTH, now: float = 100
) -> tuple[Any, Any]:
    choice = made.choose(ask, standings, now)
    return (None, None) if choice is None else (choice.side, choice.reason)


@pytest.mark.parametrize(
    ("milliseconds", "target", "expected"),
    [
        ((10, 5), 50, (Side.CPU, Reason.CHEAPER)),
        ((10, 1), 50, (Side.GPU, Reason.CHEAPER)),  # six times the price, a tenth of the time
        ((90, 5), 50, (Side.GPU, Reason.MEETS_TARGET)),
        ((10, 90), 50, (Side.CPU, Reason.MEETS_TARGET)),
        ((90, 60), 50, (Side.GPU, Reason.FASTER)),
        ((60, 90), 50, (Side.CPU, Reason.FASTER)),
        ((900, 200), None, (Side.CPU, Reason.CHEAPER)),
        ((None, None), 50, (Side.CPU, Reason.UNKNOWN)),
        ((10, None), 50, (Side.CPU, Reason.UNKNOWN)),
        ((90, None), 50, (Side.GPU, Reason.UNKNOWN)),  # the best is hoped for
        ((None, 5), 50, (Side.GPU, Reason.UNKNOWN)),
    ],
)
def test_the_cheapest_side_that_meets_the_target_else_the_fastest(
    milliseconds: tuple[float | None, float | None], target: float | None, expected: tuple[Side, Reason]
) -> None:
    assert where(chooser(milliseconds, target_ms=target)) == expected


def test_a_client_may_need_its_answer_sooner_but_not_later_than_the_policy_says() -> None:
    made = chooser((30, 10), target_ms=50)
    assert where(made) == (Side.CPU, Reason.CHEAPER)
    hasty, patient = Ask("iris", rows=5, target_seconds=0.02), Ask("iris", rows=5, target_seconds=9)
    assert where(chooser((30, 10), target_ms=50), hasty) == (Side.GPU, Reason.MEETS_TARGET)
    assert where(chooser((90, 10), target_ms=50), patient) == (Side.GPU, Reason.MEETS_TARGET)


def test_a_models_own_target_goes_before_the_policys() -> None:
    made = chooser((30, 10), target_ms=50, targets_ms={"iris": 20})
    assert where(made) == (Side.GPU, Reason.MEETS_TARGET)


def test_before_anything_is_measured_the_policy_says_what_to_expect() -> None:
    fields: Any = {"cpu": {"cost_per_hour": 1, "expected_ms": 80}, "gpu": {"cost_per_hour": 2, "expected_ms": 8}}
    assert where(chooser(**fields, target_ms=50)) == (Side.GPU, Reason.MEETS_TARGET)


def test_what_works_side_by_side_shares_the_cost() -> None:
    fields: Any = {"cpu": {"cost_per_hour": 1}, "gpu": {"cost_per_hour": 4}}
    assert where(chooser((10, 10), **fields))[0] is Side.CPU
    fields["gpu"]["concurrency"] = 8
    assert where(chooser((10, 10), **fields))[0] is Side.GPU


def test_sizes_are_learnt_apart_and_the_nearest_stands_in() -> None:
    made = chooser((10, 5), target_ms=50)
    large = Ask("iris", rows=1000)
    made.observe(Side.CPU, large, 0.4, 1.0, 0)
    made.observe(Side.GPU, large, 0.02, 1.0, 0)
    assert where(made) == (Side.CPU, Reason.CHEAPER)
    assert where(made, large) == (Side.GPU, Reason.MEETS_TARGET)
    assert where(made, Ask("iris", rows=700)) == (Side.GPU, Reason.MEETS_TARGET)
    assert where(made, Ask("iris", rows=2)) == (Side.CPU, Reason.CHEAPER)


def test_rows_and_bytes_are_sizes_of_their_own() -> None:
    assert Ask("m", rows=8, body_bytes=5000).size == Size("rows", 4)
    assert Ask("m", body_bytes=5000).size == Size("bytes", 13)
    assert Ask("m").size == Size("bytes", 0)


def test_what_is_learnt_is_free_of_the_queue_before_it() -> None:
    made = chooser()
    made.observe(Side.CPU, ASK, 0.08, 4.0, 0)
    estimate = made.estimates.of(Side.CPU, "iris", ASK.size)
    assert estimate is not None
    assert estimate.seconds == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        ({"in_flight": 1}, (Side.CPU, Reason.CHEAPER)),  # two of 20 ms are within 50 ms
        ({"in_flight": 2}, (Side.GPU, Reason.OVERFLOW)),
        ({"others": 2}, (Side.GPU, Reason.OVERFLOW)),
        ({"in_flight": 1, "others": 1}, (Side.GPU, Reason.OVERFLOW)),
    ],
)
def test_a_queue_sends_single_requests_to_the_other_side(queue: dict[str, Any], expected: tuple[Side, Reason]) -> None:
    made = chooser((20, 15), target_ms=50)
    assert where(made, standings={Side.CPU: Standing(1, **queue), Side.GPU: THERE}) == expected
    assert made.switches == []
    assert where(made) == (Side.CPU, Reason.CHEAPER)


def test_of_two_queues_that_are_both_too_long_the_shorter_one() -> None:
    made = chooser((20, 15), target_ms=50)
    both = {Side.CPU: Standing(1, 9), Side.GPU: Standing(1, 5)}
    assert where(made, standings=both) == (Side.GPU, Reason.OVERFLOW)
    both = {Side.CPU: Standing(1, 9), Side.GPU: Standing(1, 12)}
    assert where(made, standings=both) == (Side.CPU, Reason.CHEAPER)


def test_more_endpoints_work_a_queue_off_sooner() -> None:
    made = chooser((20, 15), target_ms=50)
    assert where(made, standings={Side.CPU: Standing(4, 8), Side.GPU: THERE}) == (Side.CPU, Reason.CHEAPER)


@pytest.mark.parametrize(
    ("gpu", "reason"),
    [
        (Standing(0), Reason.OTHER_NOT_READY),
        (Standing(1, fault="XID 79"), Reason.OTHER_FAULTY),
        (Standing(1, 64, most_in_flight=64), Reason.OTHER_FULL),
    ],
)
def test_where_the_gpu_is_missing_the_cpu_takes_over_at_once(gpu: Standing, reason: Reason) -> None:
    made = chooser((90, 5), target_ms=50)
    assert where(made) == (Side.GPU, Reason.MEETS_TARGET)
    assert where(made, standings={Side.CPU: THERE, Side.GPU: gpu}) == (Side.CPU, reason)


def test_where_both_are_missing_nobody_takes_it() -> None:
    full = Standing(1, 64, most_in_flight=64)
    assert where(chooser(), standings={Side.CPU: full, Side.GPU: Standing(0)}) == (None, None)


def test_a_side_that_was_away_is_used_again_only_once_it_has_stayed_for_a_while() -> None:
    made = chooser((90, 5), target_ms=50)
    gone = {Side.CPU: THERE, Side.GPU: Standing(0)}
    made.look(gone, 100)
    assert where(made, standings=gone, now=100) == (Side.CPU, Reason.OTHER_NOT_READY)
    made.look(BOTH, 101)
    assert where(made, now=101) == (Side.CPU, Reason.OTHER_NOT_READY)
    made.look(BOTH, 110.9)
    assert where(made, now=110.9)[0] is Side.CPU
    made.look(BOTH, 111)
    assert where(made, now=111) == (Side.GPU, Reason.MEETS_TARGET)
    assert made.switches == [Switch(Side.CPU, "gpu_not_ready"), Switch(Side.GPU, "available")]


def test_a_side_that_has_only_just_come_back_is_better_than_none() -> None:
    made = chooser((90, 5), target_ms=50)
    made.look({Side.CPU: THERE, Side.GPU: Standing(0)}, 100)
    made.look({Side.CPU: Standing(0), Side.GPU: THERE}, 101)
    alone = {Side.CPU: Standing(0), Side.GPU: THERE}
    assert where(made, standings=alone, now=101) == (Side.GPU, Reason.OTHER_NOT_READY)
    made.look({Side.CPU: THERE, Side.GPU: Standing(0)}, 102)
    alone = {Side.CPU: THERE, Side.GPU: Standing(0)}
    assert where(made, standings=alone, now=102) == (Side.CPU, Reason.OTHER_NOT_READY)


def test_a_side_that_is_full_is_still_there() -> None:
    made = chooser()
    made.look({Side.CPU: THERE, Side.GPU: Standing(1, 64, most_in_flight=64)}, 1)
    assert made.steady(Side.GPU)
    assert made.switches == []


def test_a_wish_is_followed_unless_its_side_is_away_or_wishes_are_off() -> None:
    ask = Ask("iris", rows=4, wish=Side.GPU)
    made = chooser((1, 90), target_ms=50)
    assert where(made, ask) == (Side.GPU, Reason.WISH)
    assert where(made, ask, {Side.CPU: THERE, Side.GPU: Standing(0)}) == (Side.CPU, Reason.OTHER_NOT_READY)
    assert where(chooser((1, 90), target_ms=50, wishes=False), ask) == (Side.CPU, Reason.MEETS_TARGET)


RULES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({"models": ["ir*"]}, {}, True),
    ({"models": ["resnet", "res*"]}, {}, False),
    ({"tiers": ["sovereign"]}, {}, True),
    ({"tiers": ["smb"]}, {}, False),
    ({"rows_at_least": 4}, {}, True),
    ({"rows_at_least": 5}, {}, False),
    ({"rows_at_most": 4}, {}, True),
    ({"rows_at_most": 3}, {}, False),
    ({"rows_at_least": 0}, {"rows": None}, False),
    ({"body_bytes_at_least": 100}, {"body_bytes": 100}, True),
    ({"body_bytes_at_most": 99}, {"body_bytes": 100}, False),
    ({"body_bytes_at_least": 0}, {}, False),
    ({"model_bytes_at_least": 1000}, {}, True),
    ({"model_bytes_at_least": 1001}, {}, False),
    ({"model_bytes_at_most": 2000}, {"model": "unlisted"}, False),
    ({"target_ms_at_most": 50}, {}, True),
    ({"target_ms_at_most": 49}, {}, False),
    ({"target_ms_at_most": 20}, {"target_seconds": 0.02}, True),
    ({"models": ["iris"], "rows_at_least": 5}, {}, False),
]


@pytest.mark.parametrize(("conditions", "asked", "fits"), RULES)
def test_a_rule_holds_where_all_its_conditions_do(
    conditions: dict[str, Any], asked: dict[str, Any], *, fits: bool
) -> None:
    rule = {"name": "large", "send": "gpu", **conditions}
    made = chooser((1, 90), target_ms=50, tier="sovereign", model_bytes={"iris": 1000}, rules=[rule])
    choice = made.choose(Ask(**{"model": "iris", "rows": 4, **asked}), BOTH, 100)
    assert choice is not None
    assert (choice.reason is Reason.RULE) == fits
    assert (choice.side is Side.GPU) == fits


def test_the_first_rule_that_fits_decides_and_is_named() -> None:
    rules = [
        {"name": "huge", "send": "gpu", "rows_at_least": 100},
        {"name": "small", "send": "cpu", "rows_at_most": 8},
        {"name": "rest", "send": "gpu"},
    ]
    choice = chooser(rules=rules).choose(ASK, BOTH, 0)
    assert choice == Choice(Side.CPU, Reason.RULE, "small")


def test_a_strict_rule_knows_no_other_side() -> None:
    away = {Side.CPU: THERE, Side.GPU: Standing(0)}
    loose, strict = ({"name": "gpu", "send": "gpu", "strict": each} for each in (False, True))
    assert where(chooser(rules=[loose]), standings=away) == (Side.CPU, Reason.OTHER_NOT_READY)
    assert where(chooser(rules=[strict]), standings=away) == (None, None)
    made = chooser(rules=[strict])
    made.look(away, 1)
    made.look(BOTH, 2)
    assert where(made, now=2) == (Side.GPU, Reason.RULE), "it has only just come back, but there is no other"


def test_a_share_of_requests_keeps_the_other_side_known() -> None:
    made = chooser((10, 5), target_ms=50, probing={"share": 0.1, "fresh_seconds": 30})
    assert {where(made, now=10) for _ in range(40)} == {(Side.CPU, Reason.CHEAPER)}, "what is known is fresh"
    found = [where(made, now=100) for _ in range(105)]
    assert found.count((Side.GPU, Reason.PROBE)) == 10
    made.observe(Side.GPU, ASK, 0.005, 1.0, 100)
    assert {where(made, now=120) for _ in range(40)} == {(Side.CPU, Reason.CHEAPER)}


def test_a_side_that_is_far_too_slow_is_probed_seldom() -> None:
    made = chooser((500, 5), target_ms=50, probing={"share": 0.1})
    found = [where(made, now=100) for _ in range(250)]
    assert found.count((Side.CPU, Reason.PROBE)) == 2


def test_names_that_nobody_answered_for_leave_nothing_behind() -> None:
    made = chooser((10, 5))
    for number in range(10_000):
        made.choose(Ask(f"made-up-{number}"), BOTH, 0)
    made.choose(ASK, BOTH, 0)
    assert len(made._kinds) == 1


def test_a_model_that_was_forgotten_is_learnt_anew() -> None:
    made = chooser((10, 5), target_ms=50)
    assert where(made) == (Side.CPU, Reason.CHEAPER)
    for number in range(300):
        made.observe(Side.CPU, Ask(f"m{number}", rows=4), 0.001, 1.0, 0)
    assert where(made) == (Side.CPU, Reason.UNKNOWN)
    made.observe(Side.CPU, ASK, 0.09, 1.0, 0)
    made.observe(Side.GPU, ASK, 0.005, 1.0, 0)
    assert where(made) == (Side.GPU, Reason.MEETS_TARGET)
