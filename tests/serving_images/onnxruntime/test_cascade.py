"""A cascade gives each row what the model gives that is responsible for it, in the order of the request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.errors import (
    ClientGoneError,
    ExpiredError,
    ModelFailedError,
    RepositoryError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.metrics import ModelStatistics
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.messages import Array, TensorSpec
from onnxruntime_server.repository.cascade import CascadeModel, measured
from onnxruntime_server.repository.configuration import Cascade, ModelSettings

from tests.serving_images.onnxruntime.fakes import Answer, FakeModel, Shelf, spec

Measure = Literal["largest", "margin"]
SPECS = [spec("label", datatype=Datatype.BYTES), spec("p", -1, 2)]


def labels(text: str, inputs: Mapping[str, Array]) -> Array:
    return np.array([f"{text}{value:g}" for value in inputs["x"][:, 0]], dtype=np.object_)


def cheap() -> FakeModel:
    """Its confidence of a row is the row itself."""
    return FakeModel("small", lambda i: {"label": labels("small", i), "p": i["x"]}, [spec("x", -1, 2)], SPECS)


def dear() -> FakeModel:
    return FakeModel(
        "large", lambda i: {"label": labels("large", i), "p": np.multiply(i["x"], -1)}, [spec("x", -1, 2)], SPECS
    )


def cascade(
    *models: FakeModel, threshold: float = 0.5, measure: Measure = "largest", confidence: str = "p"
) -> CascadeModel:
    settings = Cascade(cheap="small", dear="large", confidence=confidence, measure=measure, threshold=threshold)
    return CascadeModel("pair", "1", ModelSettings(), settings, statistics=ModelStatistics(), resolve=Shelf(*models))


def ask(*rows: tuple[float, float]) -> Answer:
    return Answer({"x": np.array(rows, dtype=np.float64).reshape(-1, 2)}, ["p", "label"])


def test_passes_on_the_rows_below_the_threshold_and_merges_them_in_order() -> None:
    made = cascade(small := cheap(), large := dear())
    answer = ask((0.9, 0), (0.1, 0), (0.5, 0), (0.2, 0.4))
    made.submit(answer.work)
    assert answer.arrays[0].tolist() == [[0.9, 0], [-0.1, 0], [0.5, 0], [-0.2, -0.4]]
    assert answer.arrays[1].tolist() == ["small0.9", "large0.1", "small0.5", "large0.2"]
    assert large.seen[0].inputs["x"].tolist() == [[0.1, 0], [0.2, 0.4]]
    counts = {label: (each.requests, each.rows) for label, each in made.statistics.steps.items()}
    assert counts == {"cheap": (1, 4), "dear": (1, 2)}
    assert len(small.seen) == 1
    assert answer.work.rows == 4


def test_does_not_ask_the_dear_model_where_all_rows_are_sure() -> None:
    made = cascade(cheap(), large := dear())
    for answer in (ask((0.9, 0)), ask()):
        made.submit(answer.work)
        assert len(answer.arrays[0]) == len(answer.work.inputs["x"])
    assert large.seen == []


def test_asks_for_the_confidence_though_the_client_does_not() -> None:
    answer = Answer({"x": np.array([[0.9, 0.0]])}, ["label"])
    cascade(small := cheap(), dear()).submit(answer.work)
    assert [array.tolist() for array in answer.arrays] == [["small0.9"]]
    assert small.seen[0].outputs == ["label", "p"]


def test_rows_whose_confidence_is_no_number_are_passed_on() -> None:
    answer = ask((float("nan"), 0.9), (0.9, 0.9))
    cascade(cheap(), dear()).submit(answer.work)
    assert answer.arrays[1].tolist()[1] == "small0.9"
    assert answer.arrays[1].tolist()[0] == "largenan"


@pytest.mark.parametrize(
    ("values", "measure", "expected"),
    [
        ([[0.2, 0.7, 0.1]], "largest", [0.7]),
        ([[0.2, 0.7, 0.1]], "margin", [0.5]),
        ([0.3, 0.4], "largest", [0.3, 0.4]),
        ([[0.5, 0.5]], "margin", [0.0]),
        ([[[0.1], [0.4]]], "margin", [0.3]),
        (np.zeros((0, 3)), "margin", []),
    ],
)
def test_measures(values: list[float], measure: Measure, expected: list[float]) -> None:
    assert measured(np.array(values), measure).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(("shape", "measure"), [((2, 0), "largest"), ((2, 1), "margin"), ((2,), "margin")])
def test_what_can_not_be_measured_is_no_number(shape: tuple[int, ...], measure: Measure) -> None:
    assert np.isnan(measured(np.ones(shape), measure)).all()


rows = st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), max_size=20)


@given(rows, st.floats(0, 1), st.sampled_from(["largest", "margin"]))
def test_each_row_is_answered_by_the_model_that_is_responsible_for_it(
    given_rows: list[tuple[float, float]], threshold: float, measure: Measure
) -> None:
    answer = ask(*given_rows)
    cascade(small := cheap(), large := dear(), threshold=threshold, measure=measure).submit(answer.work)
    sure = [max(row) if measure == "largest" else max(row) - min(row) for row in given_rows]
    chosen = [(small if value >= threshold else large, row) for value, row in zip(sure, given_rows, strict=True)]
    alone = [model.compute({"x": np.array([row])}) for model, row in chosen]
    assert answer.arrays[0].tolist() == [each["p"][0].tolist() for each in alone]
    assert answer.arrays[1].tolist() == [each["label"][0] for each in alone]


@pytest.mark.parametrize("place", ["cheap", "dear"])
def test_a_step_that_fails_fails_the_request_once(place: str) -> None:
    def fail(_: Mapping[str, Array]) -> Mapping[str, Array]:
        raise ModelFailedError("out of memory")

    models = {"cheap": cheap(), "dear": dear()}
    models[place].compute = fail
    answer = ask((0.1, 0))
    made = cascade(*models.values())
    made.submit(answer.work)
    assert str(answer.error) == f"step '{place}': out of memory"
    assert made.statistics.steps[place].failures == 1


@pytest.mark.parametrize("error", [ClientGoneError, ExpiredError])
def test_abandoned_and_expired_work_is_not_passed_on(error: type[ServerError]) -> None:
    small, large = cheap(), dear()
    small.holds = True
    answer = ask((0.1, 0))
    cascade(small, large).submit(answer.work)
    held = small.held.pop()
    held.deadline = None
    if error is ClientGoneError:
        answer.work.abandoned = True
    else:
        answer.work.deadline = time.monotonic() - 1
    small.answer(held)
    assert isinstance(answer.error, error)
    assert large.seen == []


def test_a_fault_of_the_server_is_answered_too(caplog: pytest.LogCaptureFixture) -> None:
    small = cheap()
    small.compute = lambda i: {"label": labels("", i), "p": np.array(["no number"] * len(i["x"]), dtype=np.object_)}
    answer = ask((0.1, 0))
    cascade(small, dear()).submit(answer.work)
    assert isinstance(answer.error, ModelFailedError)
    assert str(answer.error) == "step 'cheap': the server failed; its log says where"
    assert [record.message for record in caplog.records] == ["a step failed"]


def test_outputs_that_do_not_fit_each_other_fail_the_request() -> None:
    for compute, message in (
        (
            lambda i: {"label": labels("", i), "p": np.zeros((len(i["x"]), 3))},
            "step 'dear': its rows have shape [3], those of step 'cheap' [2]",
        ),
        (
            lambda i: {"label": labels("", i), "p": np.zeros((7, 2))},
            "step 'dear': an output has not one row for each row of the inputs",
        ),
    ):
        large = dear()
        large.compute = compute
        answer = ask((0.1, 0), (0.9, 0))
        cascade(cheap(), large).submit(answer.work)
        assert isinstance(answer.error, ModelFailedError)
        assert str(answer.error) == message
    small = cheap()
    small.compute = lambda i: {"label": labels("", i)[:1], "p": i["x"]}
    answer = ask((0.1, 0), (0.9, 0))
    cascade(small, dear()).submit(answer.work)
    assert str(answer.error) == "step 'cheap': an output has not one row for each of the 2 rows of the inputs"


def test_metadata_is_what_both_have() -> None:
    small, large = cheap(), dear()
    small.metadata = type(small.metadata)("small", ("1",), small.metadata.inputs, (*SPECS, spec("own")))
    large.metadata = type(large.metadata)("large", ("1",), (spec("x", -1, -1),), (spec("p", -1, -1), SPECS[0]))
    assert cascade(small, large).metadata.as_json() == {
        "name": "pair",
        "versions": ["1"],
        "platform": "ensemble",
        "inputs": [{"name": "x", "datatype": "FP64", "shape": [-1, 2]}],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1]},
            {"name": "p", "datatype": "FP64", "shape": [-1, -1]},
        ],
    }


def test_a_member_that_is_gone_fails_the_request() -> None:
    shelf = Shelf(cheap(), dear())
    settings = Cascade(cheap="small", dear="large", confidence="p", threshold=0.5)
    made = CascadeModel("pair", "1", ModelSettings(), settings, statistics=ModelStatistics(), resolve=shelf)

    def gone(_: str, __: str | None) -> FakeModel:
        raise UnavailableError("it is being unloaded")

    made.resolve = gone
    answer = ask((0.1, 0))
    made.submit(answer.work)
    assert isinstance(answer.error, ServerError)
    assert str(answer.error) == "step 'cheap': it is being unloaded"


def changed(
    model: FakeModel, inputs: list[TensorSpec] | None = None, outputs: list[TensorSpec] | None = None
) -> FakeModel:
    metadata = model.metadata
    return FakeModel(model.name, model.compute, inputs or metadata.inputs, outputs or metadata.outputs)


@pytest.mark.parametrize(
    ("small", "large", "message"),
    [
        (cheap(), cheap(), "cascade step 'dear': no model 'large'"),
        (
            cheap(),
            changed(dear(), inputs=[spec("z")]),
            "cascade: 'small' takes 'x', 'large' takes 'z'; expected the same inputs",
        ),
        (cheap(), changed(dear(), inputs=[spec("x", -1, 3)]), "cascade: input 'x' is FP64 [-1, 2] and FP64 [-1, 3]"),
        (cheap(), changed(dear(), outputs=[spec("z")]), "cascade: 'small' and 'large' have no output in common"),
        (cheap(), changed(dear(), outputs=[spec("label")]), "cascade: output 'label' is BYTES [-1] and FP64 [-1]"),
        (changed(cheap(), outputs=SPECS[:1]), dear(), "cascade: 'small' has no output 'p'; it has 'label'"),
        (
            changed(cheap(), outputs=[SPECS[0], spec("p", -1, 1)]),
            changed(dear(), outputs=SPECS[:1]),
            "cascade: 'p' is FP64 [-1, 1]; a margin needs two numbers a row",
        ),
        (
            changed(cheap(), outputs=[SPECS[0], spec("p", datatype=Datatype.BYTES)]),
            changed(dear(), outputs=SPECS[:1]),
            "cascade: 'p' is BYTES [-1]; expected numbers",
        ),
        (
            changed(cheap(), inputs=[spec("x", 1, 2)]),
            changed(dear(), inputs=[spec("x", 1, 2)]),
            "cascade: 'x' is FP64 [1, 2]; expected -1 rows, as rows are passed on",
        ),
    ],
)
def test_models_that_can_not_stand_in_for_each_other_are_refused(
    small: FakeModel, large: FakeModel, message: str
) -> None:
    with pytest.raises(RepositoryError) as caught:
        cascade(small, large, measure="margin")
    assert str(caught.value) == message
