"""Where a model should run: exact sums on small cases, and what must hold of all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from falaj.placement.advice import Advice, advise
from falaj.placement.market import CpuMachine, Market
from falaj.placement.profile import Point
from tests.placement.examples import CPU, ENCODER, GPU, MARKET, NO_WORK, demand, point, profile

CPU_ONLY = Market((CPU,), ())


def test_one_replica_of_a_machine_costs_its_share() -> None:
    advice = advise(demand(rate=10), profile(point(10.0)), CPU_ONLY)

    option = advice.chosen
    assert option is not None
    assert (option.kind, option.size, option.unit, option.replicas) == ("cpu", "cpu.large", "1 of 8 vCPUs", 1)
    assert option.hourly == pytest.approx(0.4 / 8)
    assert option.per_million == pytest.approx(0.05 / 36_000 * 1_000_000)


def test_memory_counts_where_it_is_more_of_the_machine_than_threads() -> None:
    large = replace(demand(), memory_gib=16.0)

    option = advise(large, profile(point(10.0)), CPU_ONLY).chosen
    assert option is not None
    assert option.hourly == pytest.approx(0.2)


def test_headroom_decides_how_many_replicas() -> None:
    """100 a second at 10 ms is one server's whole time; with 0.3 free it takes two."""
    option = advise(demand(rate=100, target_ms=1000), profile(point(10.0)), CPU_ONLY).chosen
    assert option is not None
    assert option.replicas == 2

    full = advise(replace(demand(rate=100, target_ms=1000), headroom=0.5), profile(point(10.0)), CPU_ONLY).chosen
    assert full is not None
    assert full.replicas == 2


def test_the_latency_asked_for_takes_more_replicas_than_the_load() -> None:
    served = profile(point(10.0, deviation=10.0))
    slow = advise(demand(rate=130, target_ms=1000), served, CPU_ONLY).chosen
    fast = advise(demand(rate=130, target_ms=15), served, CPU_ONLY).chosen

    assert slow is not None
    assert fast is not None
    assert (slow.replicas, fast.replicas) == (2, 5)
    assert fast.p99_ms <= 15 < slow.p99_ms


def test_an_idle_server_answers_in_its_own_time() -> None:
    option = advise(demand(rate=0.001), profile(point(10.0)), CPU_ONLY).chosen
    assert option is not None
    assert (option.p50_ms, option.p99_ms) == (10.0, 10.0)


def test_the_tiers_least_replicas_are_kept() -> None:
    option = advise(demand(rate=0.01, least=3), profile(point(10.0)), CPU_ONLY).chosen
    assert option is not None
    assert option.replicas == 3


def test_more_replicas_than_the_tier_allows_do_not_count() -> None:
    advice = advise(demand(rate=1000, most=2), profile(point(10.0)), CPU_ONLY)

    assert advice.chosen is not None
    assert advice.chosen.meets is False


def test_a_model_too_slow_for_cpus_goes_to_a_gpu() -> None:
    advice = advise(demand(rate=10, target_ms=50), profile(point(400.0), work=ENCODER), MARKET)

    assert advice.chosen is advice.gpu
    assert advice.gpu is not None
    assert (advice.gpu.size, advice.gpu.unit, advice.why) == ("gpu.large", "1 GPU", "only GPU keeps the latency")


def test_a_small_model_stays_on_cpus() -> None:
    advice = advise(demand(rate=10), profile(point(1.0), work=NO_WORK), MARKET)

    assert (advice.chosen, advice.why) == (advice.cpu, "cheaper")


def test_operators_without_a_gpu_kernel_keep_it_on_cpus() -> None:
    trees = NO_WORK.model_copy(update={"cpu_only": ("TreeEnsembleClassifier",)})

    advice = advise(demand(rate=10, target_ms=1), profile(point(400.0), work=trees), MARKET)

    assert advice.gpu is None
    assert (advice.chosen, advice.why) == (advice.cpu, "TreeEnsembleClassifier run on CPUs alone")


def test_unknown_prices_leave_it_on_cpus_and_say_so() -> None:
    unpriced = Market((replace(CPU, hourly=None),), (replace(GPU, hourly=None),))

    advice = advise(demand(rate=10), profile(point(10.0)), unpriced)

    assert advice.chosen is advice.cpu
    assert advice.why == "CPU keeps the latency; prices are unknown"
    assert advice.cpu is not None
    assert (advice.cpu.hourly, advice.cpu.per_million) == (None, None)


def test_without_prices_the_smallest_is_taken() -> None:
    unpriced = Market((replace(CPU, hourly=None),), ())

    advice = advise(demand(rate=10), profile(point(10.0), point(8.0, threads=2)), unpriced)

    assert advice.chosen is not None
    assert advice.chosen.unit == "1 of 8 vCPUs"


def test_where_nothing_keeps_the_latency_the_closest_is_named() -> None:
    advice = advise(demand(target_ms=0.001), profile(point(10.0), work=ENCODER), MARKET)

    assert advice.why == "none keeps the latency; this one comes closest"
    assert advice.chosen is not None
    assert advice.chosen.meets is False


def test_no_machine_is_no_advice() -> None:
    advice = advise(demand(), profile(), Market((), ()))

    assert (advice.chosen, advice.why) == (None, "no machine")


def test_a_model_larger_than_a_card_is_not_put_on_it() -> None:
    huge = ENCODER.model_copy(update={"weight_bytes": 30 * 2**30})

    assert advise(demand(), profile(work=huge), MARKET).gpu is None


def test_a_machine_with_fewer_vcpus_than_threads_is_left_out() -> None:
    small = Market((CpuMachine("cpu.small", 1, 4, 0.05),), ())

    advice = advise(demand(), profile(point(10.0), point(6.0, threads=2)), small)

    assert advice.chosen is not None
    assert advice.chosen.unit == "1 of 1 vCPUs"


def test_a_batch_meets_the_one_that_runs() -> None:
    full = profile(point(10.0), point(12.0, batch=8))

    option = advise(demand(rate=300, target_ms=40), full, CPU_ONLY).chosen

    assert option is not None
    assert (option.batch, option.replicas) == (8, 1)
    assert option.p99_ms >= 2 * 12.0


POINTS = st.lists(
    st.tuples(st.sampled_from([1, 2, 4, 8]), st.sampled_from([1, 2, 4]), st.floats(0.05, 500), st.floats(0, 200)),
    max_size=5,
    unique_by=lambda each: each[:2],
)


def points(drawn: list[tuple[int, int, float, float]]) -> list[Point]:
    first = point(50.0)
    return [first, *(point(ms, batch=b, threads=t, deviation=d) for b, t, ms, d in drawn if (b, t) != (1, 1))]


def hourly(advice: Advice) -> float:
    assume(advice.chosen is not None and advice.chosen.meets)
    assert advice.chosen is not None
    assert advice.chosen.hourly is not None
    return advice.chosen.hourly


@given(drawn=POINTS, rate=st.floats(0.01, 2000), more=st.floats(1, 10), target=st.floats(1, 1000))
@settings(max_examples=300, deadline=None)
def test_more_rate_is_never_cheaper(
    drawn: list[tuple[int, int, float, float]], rate: float, more: float, target: float
) -> None:
    served = profile(*points(drawn))

    after = hourly(advise(demand(rate * more, target), served, MARKET))
    assert hourly(advise(demand(rate, target), served, MARKET)) <= after + 1e-9


@given(drawn=POINTS, rate=st.floats(0.01, 2000), target=st.floats(1, 1000), tighter=st.floats(0.05, 1))
@settings(max_examples=300, deadline=None)
def test_a_tighter_target_is_never_cheaper(
    drawn: list[tuple[int, int, float, float]], rate: float, target: float, tighter: float
) -> None:
    served = profile(*points(drawn))

    after = hourly(advise(demand(rate, target * tighter), served, MARKET))
    assert hourly(advise(demand(rate, target), served, MARKET)) <= after + 1e-9


@given(
    milliseconds=st.floats(0.05, 500),
    deviation=st.floats(0, 500),
    rate=st.floats(0.01, 2000),
    more=st.floats(1, 10),
    target=st.floats(1, 1000),
)
@settings(max_examples=300, deadline=None)
def test_more_rate_never_takes_fewer_replicas_of_the_same_kind(
    milliseconds: float, deviation: float, rate: float, more: float, target: float
) -> None:
    served = profile(point(milliseconds, deviation=deviation))

    few = advise(demand(rate, target), served, CPU_ONLY).chosen
    many = advise(demand(rate * more, target), served, CPU_ONLY).chosen

    assert few is not None
    assert many is not None
    assert few.replicas <= many.replicas


@given(drawn=POINTS, rate=st.floats(0.01, 2000), target=st.floats(1, 1000), least=st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_what_is_said_to_meet_does(
    drawn: list[tuple[int, int, float, float]], rate: float, target: float, least: int
) -> None:
    asked = replace(demand(rate, target), least=least, most=20)

    for option in (advise(asked, profile(*points(drawn)), MARKET).cpu, advise(asked, profile(), MARKET).gpu):
        assert option is not None
        assert option.p50_ms <= option.p99_ms
        assert option.replicas >= least
        if option.meets:
            assert option.p99_ms <= target
            assert option.replicas <= 20
