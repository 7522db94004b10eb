"""How long requests wait: Erlang's formula for several servers, scaled for service times that vary less.

P(wait) by Erlang C and the exponential tail of M/M/c: Kleinrock, Queueing Systems 1, 1975. The wait of M/G/c as that of
M/M/c times (1 + c2) / 2, where c2 is the squared coefficient of variation of the service time: Allen, Probability,
Statistics, and Queueing Theory, 1990. Arrivals are taken as random (Poisson); bursts wait longer.
"""

from __future__ import annotations

import math


def erlang_c(servers: int, load: float) -> float:
    """Return how likely a request waits, where `load` is the rate times the service time; 1 at or above all servers."""
    if load <= 0:
        return 0.0
    if load >= servers:
        return 1.0
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return servers * blocked / (servers - load * (1 - blocked))


def wait(quantile: float, servers: int, rate: float, service: float, variation: float) -> float:
    """Return how long that share of requests waits at most, in seconds; infinite where servers can't keep up.

    `variation` is the squared coefficient of variation of the service time: 1 for exponential, 0 for constant.
    """
    load = rate * service
    if load >= servers:
        return math.inf
    waiting = erlang_c(servers, load)
    if waiting <= 1 - quantile:
        return 0.0
    memoryless = math.log(waiting / (1 - quantile)) / (servers / service - rate)
    return memoryless * (1 + variation) / 2
