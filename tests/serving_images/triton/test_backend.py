"""The backend of the local variant, without Triton around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnxruntime_backend.batch import Tensors, run_together
from onnxruntime_backend.options import session_options
from onnxruntime_backend.signature import Signature, SignatureError, check, complete


@dataclass
class Node:
    name: str
    type: str = "tensor(float)"
    shape: list[int | str | None] = field(default_factory=lambda: ["rows", 2])


def signature(inputs: list[Node], outputs: list[Node]) -> Signature:
    return Signature.of(inputs, outputs)


ROWS = signature([Node("x"), Node("label", "tensor(string)", ["rows"])], [Node("y")])
SCALAR = signature([Node("steps", "tensor(int64)", [])], [Node("count", "tensor(int64)", [])])


def configuration(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    return {"max_batch_size": 0, "input": [], "output": [], **changes}


def test_completes_a_model_of_rows_as_tritons_own_backend_does() -> None:
    told = configuration()

    complete(told, ROWS, 32)

    assert told == {
        "max_batch_size": 32,
        "dynamic_batching": {},
        "input": [
            {"name": "x", "data_type": "TYPE_FP32", "dims": [2]},
            {"name": "label", "data_type": "TYPE_STRING", "dims": [1], "reshape": {"shape": []}},
        ],
        "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [2]}],
    }


def test_completes_a_model_without_rows() -> None:
    told = configuration()

    complete(told, SCALAR, 32)

    assert told == {
        "max_batch_size": 0,
        "input": [{"name": "steps", "data_type": "TYPE_INT64", "dims": [1]}],
        "output": [{"name": "count", "data_type": "TYPE_INT64", "dims": [1]}],
    }


def test_leaves_what_is_told_and_a_scheduler_that_was_chosen() -> None:
    own = {"name": "x", "data_type": "TYPE_FP32", "dims": [2]}
    told = configuration(max_batch_size=4, input=[own], sequence_batching={})

    complete(told, ROWS, 32)

    assert (told["max_batch_size"], told["input"]) == (4, [own])
    assert "dynamic_batching" not in told
    whole = configuration(input=[own], output=[own])
    complete(whole, ROWS, 32)
    assert whole == configuration(input=[own], output=[own])


def test_refuses_batches_of_a_model_that_takes_none() -> None:
    with pytest.raises(
        SignatureError, match="max_batch_size is 4, but not every tensor of the model has an open first"
    ):
        complete(configuration(max_batch_size=4), SCALAR, 32)


def test_refuses_a_type_that_triton_has_not() -> None:
    with pytest.raises(SignatureError, match=r"^'x' has type tensor\(complex64\), which Triton has not$"):
        signature([Node("x", "tensor(complex64)")], [])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"input": [{"name": "z", "data_type": "TYPE_FP32"}]},
            "input 'z' is none of the model's: label, x",
        ),
        (
            {"output": [{"name": "y", "data_type": "TYPE_FP64"}]},
            "output 'y' is TYPE_FP32 in the model, not TYPE_FP64",
        ),
        (
            {"input": [{"name": "x", "data_type": "TYPE_FP32"}]},
            "the configuration leaves out the model's input 'label'",
        ),
    ],
)
def test_refuses_a_configuration_that_is_not_the_models(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SignatureError, match=f"^{sentence}$"):
        check(configuration(**changes), ROWS)


def test_requests_run_as_one_and_are_taken_apart() -> None:
    sizes = []

    def run(inputs: Tensors) -> Tensors:
        sizes.append(len(inputs["x"]))
        return {"y": inputs["x"] * 2}

    requests = [{"x": np.arange(count)} for count in (1, 3, 2)]
    found = run_together(requests, run)

    assert sizes == [6]
    assert [each["y"].tolist() for each in found if isinstance(each, dict)] == [[0], [0, 2, 4], [0, 2]]


def test_a_request_that_fails_does_so_alone() -> None:
    def run(inputs: Tensors) -> Tensors:
        if (inputs["x"] < 0).any():
            raise ValueError("below zero")
        return {"y": inputs["x"]}

    first, second, third = run_together([{"x": np.array([each])} for each in (1, -1, 2)], run)

    assert isinstance(first, dict)
    assert isinstance(third, dict)
    assert (first["y"].tolist(), str(second), third["y"].tolist()) == ([1], "below zero", [2])


def test_outputs_that_do_not_count_rows_are_computed_for_each_alone() -> None:
    def run(inputs: Tensors) -> Tensors:
        return {"total": inputs["x"].sum()}

    found = run_together([{"x": np.array([1, 2])}, {"x": np.array([3])}], run)

    assert [each["total"] for each in found if isinstance(each, dict)] == [3, 3]


def test_options_follow_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORT_INTRA_OP_NUM_THREADS", "3")

    options = session_options(
        {
            "optimization": {"graph": {"level": -1}},
            "parameters": {"execution_mode": {"string_value": "1"}, "enable_mem_arena": {"string_value": "0"}},
        }
    )

    assert options.intra_op_num_threads == 3
    assert options.graph_optimization_level == onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    assert options.execution_mode == onnxruntime.ExecutionMode.ORT_PARALLEL
    assert not options.enable_cpu_mem_arena
    assert session_options({}).execution_mode == onnxruntime.ExecutionMode.ORT_SEQUENTIAL


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (
            {"optimization": {"execution_accelerators": {"gpu_execution_accelerator": [{"name": "tensorrt"}]}}},
            "the local variant has no accelerator 'tensorrt': leave it out here",
        ),
        (
            {"sequence_batching": {"state": [{}]}},
            "the local variant keeps no state of sequences: leave sequence_batching.state out here",
        ),
        (
            {"model_transaction_policy": {"decoupled": True}},
            "an ONNX model gives one answer to each request: leave decoupled out",
        ),
    ],
)
def test_what_only_tritons_own_backend_can_do_is_refused(told: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SignatureError, match=f"^{sentence}$"):
        session_options(told)
