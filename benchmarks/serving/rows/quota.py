"""A CPU quota of one core on two: what the server reaches untuned, beside the best number of threads."""

from __future__ import annotations

from statistics import median

from benchmarks.figure import Figure
from benchmarks.serving import generators
from benchmarks.serving.contenders import ours
from benchmarks.serving.control_group import cpu_quota
from benchmarks.serving.finding import Finding
from benchmarks.serving.load import Load
from benchmarks.serving.models import built
from benchmarks.serving.process import Server
from benchmarks.serving.requests import Protocol, Request
from benchmarks.serving.statistics import ratios
from benchmarks.serving.surroundings import Bench
from benchmarks.serving.turns import in_turns

GOAL = 0.9
QUOTA = 1.0
CALLERS = 8
UNTUNED = "untuned"
TUNED = (1, 2, 4)


def untuned(bench: Bench) -> Finding:
    """MiniLM, eight callers; all settings in one run, in turns."""
    contenders = [ours(name=UNTUNED)] + [ours("--threads", str(each), name=f"{each} threads") for each in TUNED]

    def measure(server: Server, asked: Request) -> Load:
        return generators.load(bench, server, asked, CALLERS)

    with cpu_quota(QUOTA) as within:
        entering = bench.cores.on_both(within)
        found = in_turns(bench, built("minilm"), Protocol.JSON, contenders, measure=measure, within=entering)
    rates = {name: [each.rate for each in loads] for name, loads in found.items()}
    untuned_rates = rates.pop(UNTUNED)
    best = max(rates, key=lambda name: median(rates[name]))
    name = f"minilm, quota of {QUOTA:g} CPU on 2 cores, of the best"
    figure = Figure(name, GOAL, ratios(untuned_rates, rates[best]), "x", at_least=True)
    details = {name: [each.as_record() for each in loads] for name, loads in found.items()}
    return Finding([figure], {"best": best, **details})
