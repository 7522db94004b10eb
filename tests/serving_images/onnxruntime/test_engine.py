"""The pieces of the engine that decide: signature check, what runs cost."""

from __future__ import annotations

import numpy as np
import pytest
from onnxruntime_server.engine.batch import elements_of
from onnxruntime_server.engine.cost import FORGIVEN_AFTER, InlineBudget
from onnxruntime_server.engine.signature import bind
from onnxruntime_server.errors import InvalidArgumentError
from onnxruntime_server.protocol.datatypes import NUMPY, Datatype
from onnxruntime_server.protocol.messages import InferRequest, ModelMetadata, RequestedOutput, Tensor, TensorSpec

MODEL = ModelMetadata(
    name="m",
    versions=("1",),
    inputs=(
        TensorSpec("ids", Datatype.INT64, (-1, -1), ("rows", "length")),
        TensorSpec("mask", Datatype.INT64, (-1, -1), ("rows", "length")),
        TensorSpec("scale", Datatype.FP32, (1,), (None,)),
    ),
    outputs=(TensorSpec("y", Datatype.FP32, (-1,)), TensorSpec("z", Datatype.FP32, (-1,))),
)


def tensor(name: str, shape: tuple[int, ...], datatype: Datatype = Datatype.INT64) -> Tensor:
    return Tensor(name, datatype, np.zeros(shape, dtype=NUMPY[datatype]))


RIGHT = (tensor("ids", (2, 3)), tensor("mask", (2, 3)), tensor("scale", (1,), Datatype.FP32))


def test_binds_inputs_by_name_and_gives_all_outputs_unless_told() -> None:
    inputs, outputs = bind(MODEL, InferRequest(RIGHT))
    assert list(inputs) == ["ids", "mask", "scale"]
    assert outputs == ["y", "z"]
    assert bind(MODEL, InferRequest(RIGHT, (RequestedOutput("z", binary=False),)))[1] == ["z"]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (RIGHT[:1], "model 'm' also needs 'mask', 'scale'"),
        ((*RIGHT, tensor("more", (1,))), "model 'm' has no input 'more'; it takes 'ids', 'mask', 'scale'"),
        ((RIGHT[0], *RIGHT), "input 'ids' is given twice"),
        ((tensor("ids", (2, 3), Datatype.INT32),), "input 'ids': expected datatype INT64, got INT32"),
        ((tensor("ids", (2,)),), "input 'ids': expected shape [-1, -1], got [2]"),
        ((tensor("scale", (2,), Datatype.FP32),), "input 'scale': expected shape [1], got [2]"),
        (
            (RIGHT[0], tensor("mask", (2, 4))),
            "input 'mask': expected dimension 'length' to be 3 as in 'ids', got 4",
        ),
    ],
)
def test_says_which_input_does_not_fit(inputs: tuple[Tensor, ...], message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        bind(MODEL, InferRequest(inputs))
    assert str(caught.value) == message


def test_says_which_output_does_not_exist() -> None:
    unknown = (RequestedOutput("x", binary=False),)
    with pytest.raises(InvalidArgumentError, match=r"^model 'm' has no output 'x'; it gives 'y', 'z'$"):
        bind(MODEL, InferRequest(RIGHT, unknown))
    twice = (RequestedOutput("y", binary=False), RequestedOutput("y", binary=True))
    with pytest.raises(InvalidArgumentError, match=r"^output '.*' is asked for twice$"):
        bind(MODEL, InferRequest(RIGHT, twice))


def test_the_inline_budget_follows_what_it_sees() -> None:
    budget = InlineBudget()
    assert not budget.allows(0)
    budget.observe(100, 0.0001)
    assert budget.allows(100)
    assert not budget.allows(101)
    budget.observe(500, 0.001)
    assert not budget.allows(101)
    budget.observe(1000, 0.1)
    assert budget.allows(100)
    budget.observe(80, 0.1)
    assert budget.allows(40)
    assert not budget.allows(41)
    budget.observe(41, 0.0001)
    assert not budget.allows(41)


def test_many_short_runs_make_up_for_a_long_one() -> None:
    budget = InlineBudget()
    budget.observe(100, 0.0001)
    budget.observe(100, 0.1)
    for _ in range(FORGIVEN_AFTER - 1):
        budget.observe(100, 0.0001)
    assert not budget.allows(51)
    budget.observe(100, 0.0001)
    assert budget.allows(100)
    assert not budget.allows(101)


def test_no_short_run_opens_the_budget_of_a_model_whose_cost_follows_values() -> None:
    budget = InlineBudget(open_to_any=False)
    budget.observe(100, 0.0001)
    assert not budget.allows(0)
    assert not budget.allows(100)


def test_every_character_of_a_text_counts() -> None:
    texts = np.array([["a", "bcd"]], dtype=np.object_)
    assert elements_of({"text": texts, "numbers": np.zeros((2, 3), np.float32)}) == 2 + 4 + 6


def test_runs_are_joined_a_little_beyond_the_size_that_is_known_to_be_short() -> None:
    budget = InlineBudget()
    budget.observe(100, 0.0001)
    assert budget.most_elements == 200
    budget.observe(200, 0.0001)
    assert budget.most_elements == 400
    budget.observe(400, 0.1)
    assert budget.most_elements == 200
