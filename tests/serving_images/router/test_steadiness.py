"""Requests never go to and fro: whatever the noise, and however sides come and go."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from inference_router.decision.chooser import Chooser
from inference_router.decision.estimates import Estimates
from inference_router.decision.policy import Policy
from inference_router.decision.preference import Preference, Score
from inference_router.decision.presence import Presence
from inference_router.decision.sides import Ask, Side, Size, Standing

MARGIN = 0.2
SECONDS = st.floats(0.0001, 10)
COSTS = st.floats(1e-6, 1)
TARGETS = st.one_of(st.just(float("inf")), st.floats(0.0005, 5))
ANYTHING = st.builds(Score, SECONDS, COSTS)


def noise(within: float) -> st.SearchStrategy[list[tuple[float, float, float, float]]]:
    factor = st.floats(1 - within, 1 + within)
    return st.lists(st.tuples(factor, factor, factor, factor), min_size=1, max_size=60)


@given(ANYTHING, ANYTHING, TARGETS, st.sampled_from(Side), noise(MARGIN / 2))
def test_noise_within_half_the_margin_changes_a_preference_once_at_most(
    cpu: Score, gpu: Score, target: float, first: Side, factors: list[tuple[float, float, float, float]]
) -> None:
    preference = Preference(first)
    for now, (a, b, c, d) in enumerate(factors):
        scores = {Side.CPU: Score(cpu.seconds * a, cpu.cost * b), Side.GPU: Score(gpu.seconds * c, gpu.cost * d)}
        preference.settle(scores, target, float(now), margin=MARGIN, dwell_seconds=0)
    assert preference.switches <= 1


@given(st.lists(st.tuples(ANYTHING, ANYTHING, st.floats(0, 3)), max_size=80), TARGETS, st.floats(0.5, 20))
def test_whatever_is_measured_a_preference_dwells(
    measured: list[tuple[Score, Score, float]], target: float, dwell: float
) -> None:
    preference, now, changed = Preference(Side.CPU), 0.0, []
    for cpu, gpu, later in measured:
        now += later
        if preference.settle({Side.CPU: cpu, Side.GPU: gpu}, target, now, margin=MARGIN, dwell_seconds=dwell):
            changed.append(now)
    assert all(later - earlier >= dwell for earlier, later in pairwise(changed))
    assert preference.switches == len(changed) <= 1 + now / dwell


@given(ANYTHING, TARGETS)
def test_a_side_is_never_better_than_its_like(score: Score, target: float) -> None:
    preference = Preference(Side.CPU)
    scores = {Side.CPU: score, Side.GPU: score}
    assert not preference.settle(scores, target, 0, margin=MARGIN, dwell_seconds=0) or score.seconds > target * (
        1 - MARGIN
    )
    assert preference.switches == 0


@given(st.floats(0.0001, 1), st.floats(2, 100))
def test_a_side_that_is_better_by_far_is_taken(seconds: float, times: float) -> None:
    preference = Preference(Side.CPU)
    scores = {Side.CPU: Score(seconds * times, 2.0), Side.GPU: Score(seconds, 1.0)}
    assert preference.settle(scores, float("inf"), 0, margin=MARGIN, dwell_seconds=30)
    assert preference.side is Side.GPU


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 4)), max_size=100), st.floats(1, 30))
def test_a_side_that_comes_and_goes_is_used_again_once_in_its_recovery_time_at_most(
    looks: list[tuple[bool, float]], recovery: float
) -> None:
    presence, now, back, lost = Presence(recovery), 0.0, [], False
    for there, later in looks:
        now += later
        if presence.look(now, there=there):
            if presence.steady and lost:
                back.append(now)
            lost = lost or not presence.steady
        assert there or not presence.steady
    assert all(later - earlier >= recovery for earlier, later in pairwise(back))


@given(st.lists(st.floats(0.9, 1.1), min_size=1, max_size=200), SECONDS)
def test_an_estimate_stays_within_what_was_observed(factors: list[float], seconds: float) -> None:
    estimates, size = Estimates(), Size("rows", 3)
    observed = [seconds * factor for factor in factors]
    for now, each in enumerate(observed):
        estimates.observe(Side.CPU, "m", size, each, now)
    estimate = estimates.of(Side.CPU, "m", size)
    assert estimate is not None
    assert min(observed) * 0.999999 <= estimate.seconds <= max(observed) * 1.000001
    assert estimate.answers == len(observed)


@given(
    st.floats(0.001, 1), st.floats(0.001, 1), TARGETS,
    st.lists(st.tuples(st.sampled_from(Side), st.floats(0.9, 1.1)), min_size=1, max_size=300),
)  # fmt: skip
def test_a_day_of_noisy_answers_changes_where_requests_go_once_at_most(
    cpu: float, gpu: float, target: float, answers: list[tuple[Side, float]]
) -> None:
    policy = msgspec.convert(
        {
            "probing": {"share": 0.5, "fresh_seconds": 0},
            "steadiness": {"margin": MARGIN, "dwell_seconds": 0},
            **({} if target == float("inf") else {"target_ms": target * 1000}),
        },
        Policy,
    )
    chooser, ask = Chooser(policy), Ask("m", rows=1)
    both = {side: Standing(1) for side in Side}
    chooser.look(both, 0)
    chooser.switches.clear()
    chooser.observe(Side.CPU, ask, cpu, 1.0, 0)
    chooser.observe(Side.GPU, ask, gpu, 1.0, 0)
    for now, (side, factor) in enumerate(answers):
        assert chooser.choose(ask, both, now) is not None
        chooser.observe(side, ask, (cpu if side is Side.CPU else gpu) * factor, 1.0, now)
    assert len(chooser.switches) <= 1


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 40), st.sampled_from(Side)), max_size=400))
def test_estimates_take_no_more_room_than_they_may(observed: list[tuple[str, int, Side]]) -> None:
    estimates = Estimates()
    for model, power, side in observed:
        estimates.observe(side, model, Size("bytes", power), 0.1, 0)
    assert len({model for _, model, _, _ in estimates.all()}) <= 256


def test_of_too_many_models_the_first_are_forgotten() -> None:
    estimates = Estimates()
    for number in range(300):
        estimates.observe(Side.CPU, f"m{number}", Size("rows", 1), 0.1, 0)
    assert not estimates.knows("m43")
    assert estimates.knows("m44")
