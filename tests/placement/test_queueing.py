"""Erlang's formula and the waits that follow, against closed forms and against the chain itself."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.placement.queueing import erlang_c, wait

QUANTILES = st.sampled_from([0.5, 0.9, 0.99])


def by_the_chain(servers: int, load: float, longest: int = 4000) -> float:
    """How likely all servers are busy, from the states of the chain one by one."""
    weights, weight = [1.0], 1.0
    for number in range(1, longest):
        weight *= load / min(number, servers)
        weights.append(weight)
    return sum(weights[servers:]) / sum(weights)


@pytest.mark.parametrize(
    ("servers", "load", "expected"),
    [(1, 0.5, 0.5), (1, 0.9, 0.9), (2, 1.0, 1 / 3), (3, 2.0, 4 / 9), (10, 5.0, 0.03610536)],
)
def test_known_values(servers: int, load: float, expected: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.3), (2, 1.5), (5, 4.2), (20, 15.0)])
def test_the_formula_is_the_chain(servers: int, load: float) -> None:
    assert erlang_c(servers, load) == pytest.approx(by_the_chain(servers, load), rel=1e-9)


def test_nothing_to_do_waits_never_and_too_much_always() -> None:
    assert erlang_c(3, 0) == 0
    assert erlang_c(3, 3) == erlang_c(3, 7) == 1
    assert wait(0.99, 3, 30, 0.1, 1) == math.inf


def test_one_server_is_the_textbooks() -> None:
    """P(W > t) = rho exp(-(mu - lambda) t), so that the quantile is a logarithm."""
    rate, service = 8.0, 0.1

    assert wait(0.99, 1, rate, service, 1) == pytest.approx(math.log(0.8 / 0.01) / (10 - 8))
    assert wait(0.1, 1, rate, service, 1) == 0


def test_a_constant_service_time_halves_the_wait() -> None:
    assert wait(0.99, 2, 10, 0.1, 0) == pytest.approx(wait(0.99, 2, 10, 0.1, 1) / 2)


@given(
    quantile=QUANTILES,
    servers=st.integers(1, 30),
    load=st.floats(0.01, 40),
    more=st.floats(1, 2),
    variation=st.floats(0, 4),
)
def test_more_requests_wait_longer_and_more_servers_shorter(
    quantile: float, servers: int, load: float, more: float, variation: float
) -> None:
    service = 0.02
    now = wait(quantile, servers, load / service, service, variation)

    assert wait(quantile, servers, load * more / service, service, variation) >= now
    assert wait(quantile, servers + 1, load / service, service, variation) <= now


@given(servers=st.integers(1, 50), load=st.floats(0, 60))
def test_it_is_a_probability(servers: int, load: float) -> None:
    assert 0 <= erlang_c(servers, load) <= 1
