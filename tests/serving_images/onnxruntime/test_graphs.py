"""Ensembles give what their models give when called one after the other, and are answered once whatever happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.errors import (
    ClientGoneError,
    ExpiredError,
    FullError,
    InvalidArgumentError,
    ModelFailedError,
    NotFoundError,
    RepositoryError,
    UnavailableError,
)
from onnxruntime_server.metrics import ModelStatistics
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.messages import Array, TensorSpec
from onnxruntime_server.repository.configuration import Ensemble, ModelSettings, Step
from onnxruntime_server.repository.graphs import Graph

from tests.serving_images.onnxruntime.fakes import Answer, FakeModel, Shelf, spec


def add(name: str = "add", version: str = "1") -> FakeModel:
    return FakeModel(name, lambda i: {"sum": np.add(i["a"], i["b"])}, [spec("a"), spec("b")], [spec("sum")], version)


def double(name: str = "double") -> FakeModel:
    return FakeModel(name, lambda i: {"y": i["x"] * 2}, [spec("x")], [spec("y")])


def step(model: str, name: str = "", version: int | None = None, **tensors: str) -> Step:
    """Inputs are named as they are, outputs with a leading underscore."""
    inputs = {key: tensor for key, tensor in tensors.items() if not key.startswith("_")}
    outputs = {key[1:]: tensor for key, tensor in tensors.items() if key.startswith("_")}
    return Step(model=model, name=name, version=version, inputs=inputs, outputs=outputs)


def graph(
    shelf: Shelf, inputs: tuple[str, ...], outputs: tuple[str, ...], *steps: Step, settings: ModelSettings | None = None
) -> Graph:
    ensemble = Ensemble(inputs=inputs, outputs=outputs, steps=steps)
    return Graph("whole", "1", settings or ModelSettings(), ensemble, statistics=ModelStatistics(), resolve=shelf)


def diamond(shelf: Shelf) -> Graph:
    """Doubles a number on two ways and adds them."""
    return graph(
        shelf,
        ("x",),
        ("total", "left"),
        step("add", a="left", b="right", _sum="total"),
        step("double", "first", x="x", _y="left"),
        step("other", x="x", _y="right"),
    )


def numbers(*values: float) -> Array:
    return np.array(values)


def test_tensors_flow_from_step_to_step() -> None:
    answer = Answer({"x": numbers(1, 2)}, ["left", "total"])
    diamond(Shelf(add(), double(), double("other"))).submit(answer.work)
    assert [array.tolist() for array in answer.arrays] == [[2, 4], [4, 8]]


def test_metadata_is_that_of_the_models_at_both_ends() -> None:
    wide = FakeModel(
        "wide", lambda i: {"y": i["x"]}, [TensorSpec("x", Datatype.FP64, (-1, 4), ("n", None))], [spec("y")]
    )
    loose = FakeModel(
        "loose", lambda i: {"y": i["x"]}, [TensorSpec("x", Datatype.FP64, (-1, -1), ("n", "m"))], [spec("y")]
    )
    made = graph(
        Shelf(wide, loose), ("in",), ("out", "more"), step("wide", x="in", _y="out"), step("loose", x="in", _y="more")
    )
    assert made.metadata.as_json() == {
        "name": "whole",
        "versions": ["1"],
        "platform": "ensemble",
        "inputs": [{"name": "in", "datatype": "FP64", "shape": [-1, 4]}],
        "outputs": [
            {"name": "out", "datatype": "FP64", "shape": [-1]},
            {"name": "more", "datatype": "FP64", "shape": [-1]},
        ],
    }
    assert made.metadata.inputs[0].symbols == ("wide.n", None)


def test_independent_steps_run_side_by_side() -> None:
    left, right = double(), double("other")
    left.holds = right.holds = True
    answer = Answer({"x": numbers(1)}, ["total"])
    diamond(Shelf(add(), left, right)).submit(answer.work)
    assert (len(left.held), len(right.held)) == (1, 1)
    right.release()
    assert answer.outcomes == []
    left.release()
    assert answer.arrays[0].tolist() == [4]


def test_steps_that_no_wanted_output_needs_are_left_out() -> None:
    shelf = Shelf(adding := add(), double(), other := double("other"))
    answer = Answer({"x": numbers(1)}, ["left"])
    diamond(shelf).submit(answer.work)
    assert answer.arrays[0].tolist() == [2]
    assert (adding.seen, other.seen) == ([], [])


def test_one_step_that_fails_fails_the_request_once_and_the_others_go_no_further() -> None:
    def fail(_: Mapping[str, Array]) -> Mapping[str, Array]:
        raise ModelFailedError("out of memory")

    left, right, last = double(), double("other"), add()
    left.compute = fail
    right.holds = True
    left.holds = True
    answer = Answer({"x": numbers(1)}, ["total"])
    made = diamond(Shelf(last, left, right))
    made.submit(answer.work)
    left.release()
    assert isinstance(answer.error, ModelFailedError)
    assert str(answer.error) == "step 'first': out of memory"
    assert right.held[0].abandoned
    right.release()
    assert right.refused
    assert (last.seen, len(answer.outcomes)) == ([], 1)
    assert made.statistics.steps["first"].failures == 1


def test_abandoned_work_goes_no_further() -> None:
    first, last = double(), add()
    first.holds = True
    answer = Answer({"x": numbers(1)}, ["total"])
    diamond(Shelf(last, first, double("other"))).submit(answer.work)
    answer.work.abandoned = True
    assert first.held[0].abandoned
    first.release()
    assert isinstance(answer.error, ClientGoneError)
    assert last.seen == []


def test_a_deadline_holds_for_every_step() -> None:
    first, last = double(), add()
    deadline = time.monotonic() + 1000
    answer = Answer({"x": numbers(1)}, ["total"], deadline)
    first.holds = True
    diamond(Shelf(last, first, double("other"))).submit(answer.work)
    assert first.held[0].deadline == deadline
    answer.work.deadline = time.monotonic() - 1
    first.answer(first.held.pop())
    assert isinstance(answer.error, ExpiredError)
    assert str(answer.error) == "the request's time has passed"
    assert last.seen == []


def test_priority_goes_with_the_work() -> None:
    first = double()
    answer = Answer({"x": numbers(1)}, ["left"])
    answer.work.priority = 7
    diamond(Shelf(add(), first, double("other"))).submit(answer.work)
    assert first.seen[0].priority == 7


def test_models_are_looked_up_for_each_request() -> None:
    shelf = Shelf(add(), double(), double("other"))
    made = diamond(shelf)
    shelf.models["double"] = FakeModel("double", lambda i: {"y": i["x"] * 10}, [spec("x")], [spec("y")], "2")
    answer = Answer({"x": numbers(1)}, ["total"])
    made.submit(answer.work)
    assert answer.arrays[0].tolist() == [12]
    del shelf.models["double"]
    answer = Answer({"x": numbers(1)}, ["total"])
    made.submit(answer.work)
    assert isinstance(answer.error, NotFoundError)
    assert str(answer.error) == "step 'first': no model 'double'"


def test_tensors_between_steps_are_checked_like_those_of_a_client() -> None:
    grows = FakeModel("grows", lambda _: {"y": np.zeros((1, 3))}, [spec("x")], [spec("y", -1, -1)])
    pairs = FakeModel("pairs", lambda i: {"y": i["x"]}, [spec("x", -1, 2)], [spec("y", -1, 2)])
    made = graph(Shelf(grows, pairs), ("x",), ("z",), step("grows", x="x", _y="y"), step("pairs", x="y", _y="z"))
    answer = Answer({"x": numbers(1)}, ["z"])
    made.submit(answer.work)
    assert isinstance(answer.error, InvalidArgumentError)
    assert str(answer.error) == "step 'pairs': input 'x': expected shape [-1, 2], got [1, 3]"
    assert pairs.seen == []


def test_counts_each_step_and_sums_its_times() -> None:
    answer = Answer({"x": numbers(1, 2, 3)}, ["total"])
    made = diamond(Shelf(add(), double(), double("other")))
    made.submit(answer.work)
    counts = {label: (each.requests, each.rows, each.failures) for label, each in made.statistics.steps.items()}
    assert counts == {"first": (1, 3, 0), "other": (1, 3, 0), "add": (1, 3, 0)}
    assert (answer.work.rows, answer.work.infer_seconds, answer.work.first_of_run) == (3, 1.5, True)


def test_is_bounded_and_closes_when_nothing_is_under_way() -> None:
    first = double()
    first.holds = True
    made = graph(Shelf(first), ("x",), ("y",), step("double", x="x", _y="y"), settings=ModelSettings(max_waiting=1))
    answers = [Answer({"x": numbers(1)}, ["y"]) for _ in range(4)]
    made.submit(answers[0].work)
    made.submit(answers[1].work)
    assert isinstance(answers[1].error, FullError)
    assert str(answers[1].error) == "the queue is full: 1 requests are under way"
    first.release()
    made.submit(answers[2].work)

    def release() -> None:
        while not made._closed:
            time.sleep(0)
        made.submit(answers[3].work)
        first.release()

    releasing = threading.Thread(target=release)
    releasing.start()
    made.close(30)
    assert [answers[number].arrays[0].tolist() for number in (0, 2)] == [[2], [2]]
    releasing.join()
    assert isinstance(answers[3].error, UnavailableError)


@pytest.mark.parametrize(
    ("inputs", "outputs", "steps", "message"),
    [
        (("x",), ("y",), [step("gone", x="x", _y="y")], "ensemble step 'gone': no model 'gone'"),
        (
            ("x",),
            ("y",),
            [step("double", "twice", version=9, x="x", _y="y")],
            "ensemble step 'twice': no model 'double'",
        ),
        (
            ("x",),
            ("y",),
            [step("double", z="x", _y="y")],
            "ensemble step 'double': model 'double' has no input 'z'; it has 'x'",
        ),
        (
            ("x",),
            ("y",),
            [step("double", x="x", _z="y")],
            "ensemble step 'double': model 'double' has no output 'z'; it has 'y'",
        ),
        (("x",), ("y",), [step("add", a="x", _sum="y")], "ensemble step 'add' gives its model no input 'b'"),
        (
            ("x",),
            ("y",),
            [step("add", a="x", b="z", _sum="y")],
            "ensemble step 'add' takes tensor 'z', which is no input of the ensemble and no output of a step",
        ),
        (("x", "z"), ("y",), [step("double", x="x", _y="y")], "ensemble input 'z' is taken by no step"),
        (("x",), ("z",), [step("double", x="x", _y="y")], "ensemble output 'z' is given by no step"),
        (
            ("x",),
            ("y",),
            [step("double", x="x", _y="y"), step("double", "again", x="x", _y="z")],
            "ensemble tensor 'z' is read by no step and is no output; leave it out",
        ),
        (
            ("x",),
            ("y",),
            [step("double", x="x", _y="y"), step("double", "again", x="x", _y="y")],
            "ensemble tensor 'y' has two sources; expected one",
        ),
        (("x",), ("x",), [step("double", x="x", _y="x")], "ensemble tensor 'x' has two sources; expected one"),
        (
            ("x",),
            ("y",),
            [
                step("add", a="x", b="q", _sum="p"),
                step("double", x="p", _y="q"),
                step("double", "last", x="p", _y="y"),
            ],
            "ensemble steps 'add', 'double', 'last' wait for each other in a circle",
        ),
        (
            ("x",),
            ("y",),
            [step("double", x="x", _y="p"), step("text", x="p", _y="y")],
            "ensemble step 'text' takes 'p' as 'x': expected BYTES [-1], got FP64 [-1]",
        ),
        (
            ("x",),
            ("y",),
            [step("four", x="x", _y="p"), step("three", x="p", _y="y")],
            "ensemble step 'three' takes 'p' as 'x': expected FP64 [-1, 3], got FP64 [-1, 4]",
        ),
        (
            ("x",),
            ("y", "z"),
            [step("four", x="x", _y="y"), step("three", x="x", _y="z")],
            "ensemble input 'x' is taken as FP64 [-1, 4] and as FP64 [-1, 3]",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_it_serves(
    inputs: tuple[str, ...], outputs: tuple[str, ...], steps: list[Step], message: str
) -> None:
    text = spec("x", datatype=Datatype.BYTES)
    shelf = Shelf(
        add(),
        double(),
        FakeModel("text", lambda i: {"y": i["x"]}, [text], [spec("y")]),
        FakeModel("four", lambda i: {"y": i["x"]}, [spec("x", -1, 4)], [spec("y", -1, 4)]),
        FakeModel("three", lambda i: {"y": i["x"]}, [spec("x", -1, 3)], [spec("y", -1, 3)]),
    )
    with pytest.raises(RepositoryError) as caught:
        graph(shelf, inputs, outputs, *steps)
    assert str(caught.value) == message


@dataclass(frozen=True)
class Made:
    """A random graph: each step adds two tensors that are there before it."""

    inputs: int
    sources: list[tuple[int, int]]
    wanted: list[int]
    order: list[int]
    holds: list[bool]
    releases: list[int]


@st.composite
def graphs(draw: st.DrawFn) -> Made:
    inputs = draw(st.integers(1, 3))
    count = draw(st.integers(1, 7))
    sources = [
        (draw(st.integers(0, inputs + number - 1)), draw(st.integers(0, inputs + number - 1)))
        for number in range(count)
    ]
    wanted = draw(st.lists(st.integers(0, count - 1), min_size=1, unique=True))
    holds = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return Made(
        inputs, sources, wanted, draw(st.permutations(range(count))), holds, draw(st.permutations(range(count)))
    )


@given(graphs())
def test_a_graph_gives_what_its_models_give_one_after_the_other(made: Made) -> None:
    names = [f"in{number}" for number in range(made.inputs)] + [f"t{number}" for number in range(len(made.sources))]
    read = {source for pair in made.sources for source in pair}
    steps = [
        step(f"add{number}", a=names[a], b=names[b], _sum=names[made.inputs + number])
        for number, (a, b) in enumerate(made.sources)
    ]
    loose = {number for number in range(len(steps)) if made.inputs + number not in read}
    outputs = sorted({*made.wanted, *loose})
    taken = tuple(names[number] for number in range(made.inputs) if number in read)
    models = [add(f"add{number}") for number in range(len(steps))]
    for model, holds in zip(models, made.holds, strict=True):
        model.holds = holds
    whole = graph(
        Shelf(*models), taken, tuple(f"t{number}" for number in outputs), *(steps[number] for number in made.order)
    )
    values = [numbers(10.0**number, number) for number in range(made.inputs)]
    answer = Answer({name: values[int(name[2:])] for name in taken}, [f"t{number}" for number in made.wanted])
    whole.submit(answer.work)
    while any(model.held for model in models):
        for number in made.releases:
            models[number].release()
    for a, b in made.sources:
        values.append(np.add(values[a], values[b]))
    expected = [values[made.inputs + number].tolist() for number in made.wanted]
    assert [array.tolist() for array in answer.arrays] == expected
    assert all(len(model.seen) <= 1 for model in models)
