"""What is written parses back equal, and what Triton would refuse is refused in one sentence."""

from __future__ import annotations

import re
from typing import Any

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from pydantic import ValidationError
from triton_model_configuration import LOCAL_CPU, OFFICIAL, Model, check_image, check_steps, read, write
from tritonclient.grpc.model_config_pb2 import ModelConfig

from tests.serving_images.triton.configurations import models

RISK: dict[str, Any] = {"name": "risk", "backend": "onnxruntime", "max_batch_size": 32}
TENSOR: dict[str, Any] = {"name": "x", "data_type": "TYPE_FP32", "dims": [4]}
SECOND = {"name": "y", "data_type": "TYPE_FP32", "dims": [1]}


def ensemble(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    steps = [
        {"model_name": "encoder", "input_map": {"text": "x"}, "output_map": {"vector": "between"}},
        {"model_name": "risk", "input_map": {"x": "between"}, "output_map": {"score": "y"}},
    ]
    return {
        "name": "both",
        "platform": "ensemble",
        "input": [TENSOR],
        "output": [SECOND],
        "ensemble_scheduling": {"step": steps},
        **changes,
    }


def steps(*changes: dict[str, Any]) -> dict[str, Any]:
    first, second = ensemble()["ensemble_scheduling"]["step"]
    return {"step": [{**first, **changes[0]}, {**second, **changes[1]}, *changes[2:]]}


@settings(max_examples=60, deadline=None)
@given(fields=models)
def test_what_is_written_parses_back_equal(fields: dict[str, Any]) -> None:
    model = Model.model_validate(fields)

    text = write(model)

    assert read(text) == model
    assert write(read(text)) == text


def test_writes_tritons_own_words() -> None:
    model = Model.model_validate(
        {
            **RISK,
            "version_policy": {"latest": {"num_versions": 2}},
            "instance_group": [{"kind": "KIND_GPU", "count": 2, "gpus": [0]}],
            "dynamic_batching": {
                "preferred_batch_size": [8, 16],
                "max_queue_delay_microseconds": 500,
                "priority_levels": 2,
                "default_priority_level": 2,
                "priority_queue_policy": {1: {"max_queue_size": 100}},
            },
            "optimization": {
                "execution_accelerators": {
                    "gpu_execution_accelerator": [{"name": "tensorrt", "parameters": {"precision_mode": "FP16"}}]
                }
            },
            "response_cache": {"enable": True},
            "parameters": {"execution_mode": "1"},
        }
    )

    expected = """
        name: "risk" backend: "onnxruntime" max_batch_size: 32
        version_policy { latest { num_versions: 2 } }
        instance_group [ { kind: KIND_GPU count: 2 gpus: [ 0 ] } ]
        dynamic_batching {
          preferred_batch_size: [ 8, 16 ] max_queue_delay_microseconds: 500
          priority_levels: 2 default_priority_level: 2
          priority_queue_policy { key: 1 value { max_queue_size: 100 } }
        }
        optimization { execution_accelerators {
          gpu_execution_accelerator { name: "tensorrt" parameters { key: "precision_mode" value: "FP16" } }
        } }
        response_cache { enable: true }
        parameters { key: "execution_mode" value { string_value: "1" } }
    """
    assert text_format.Parse(write(model), ModelConfig()) == text_format.Parse(expected, ModelConfig())


def test_a_misspelt_field_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="max_batchsize"):
        Model.model_validate({**RISK, "max_batchsize": 4})
    with pytest.raises(ValueError, match=r"no model configuration: .*max_batchsize"):
        read('name: "risk"\nmax_batchsize: 4')


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no backend": (
        {"name": "risk"},
        "backend is missing; write backend: onnxruntime, or platform: ensemble",
    ),
    "a platform of another backend": (
        {**RISK, "platform": "tensorrt_plan"},
        "platform 'tensorrt_plan' is not that of backend 'onnxruntime'; leave it out",
    ),
    "dynamic batching without batches": (
        {**RISK, "max_batch_size": 0, "dynamic_batching": {}},
        "dynamic_batching puts requests together, but max_batch_size is 0; raise it or leave batching out",
    ),
    "a preferred size above the largest": (
        {**RISK, "dynamic_batching": {"preferred_batch_size": [64]}},
        "preferred_batch_size 64 is above max_batch_size 32; lower it or raise that",
    ),
    "a preferred size twice": (
        {**RISK, "dynamic_batching": {"preferred_batch_size": [8, 8]}},
        "preferred_batch_size 8 comes twice; name each size once",
    ),
    "levels without a default": (
        {**RISK, "dynamic_batching": {"priority_levels": 3}},
        "default_priority_level is 0, but priority_levels is 3; set it to one from 1 to 3",
    ),
    "a default without levels": (
        {**RISK, "dynamic_batching": {"default_priority_level": 1}},
        "priorities are named without priority_levels; say how many levels there are",
    ),
    "a policy of a level that is not there": (
        {
            **RISK,
            "dynamic_batching": {
                "priority_levels": 1,
                "default_priority_level": 1,
                "priority_queue_policy": {2: {}},
            },
        },
        "priority_queue_policy names level 2 of 1; raise priority_levels",
    ),
    "order and priorities": (
        {
            **RISK,
            "dynamic_batching": {"preserve_ordering": True, "priority_levels": 2, "default_priority_level": 1},
        },
        "preserve_ordering allows one priority level; set priority_levels to 1 or leave one out",
    ),
    "order and delay": (
        {
            **RISK,
            "dynamic_batching": {
                "preserve_ordering": True,
                "default_queue_policy": {"timeout_action": "DELAY", "default_timeout_microseconds": 1},
            },
        },
        "preserve_ordering allows no timeout_action DELAY; make it REJECT or leave one out",
    ),
    "two schedulers": (
        {**RISK, "dynamic_batching": {}, "sequence_batching": {}},
        "dynamic_batching and sequence_batching exclude each other; leave one of them out",
    ),
    "two strategies": (
        {**RISK, "sequence_batching": {"direct": {}, "oldest": {"max_candidate_sequences": 1}}},
        "sequence_batching has both direct and oldest; choose one",
    ),
    "a sequence's preferred size above the largest": (
        {**RISK, "sequence_batching": {"oldest": {"max_candidate_sequences": 1, "preferred_batch_size": [33]}}},
        "sequence_batching: preferred_batch_size 33 is above max_batch_size 32; lower it or raise that",
    ),
    "a control without values": (
        {**RISK, "sequence_batching": {"control_input": [{"name": "start", "control": [{}]}]}},
        (
            "CONTROL_SEQUENCE_START has two values and no data_type; give one of int32_false_true, fp32_false_true and "
            "bool_false_true"
        ),
    ),
    "an identifier with values": (
        {
            **RISK,
            "sequence_batching": {
                "control_input": [
                    {"name": "id", "control": [{"kind": "CONTROL_SEQUENCE_CORRID", "data_type": "TYPE_FP32"}]}
                ]
            },
        },
        (
            "CONTROL_SEQUENCE_CORRID has a data_type and no values; give one of TYPE_UINT64, TYPE_INT64, TYPE_UINT32, "
            "TYPE_INT32, TYPE_STRING"
        ),
    ),
    "a control twice": (
        {
            **RISK,
            "sequence_batching": {
                "control_input": [
                    {"name": name, "control": [{"bool_false_true": [False, True]}]} for name in ("one", "two")
                ]
            },
        },
        "CONTROL_SEQUENCE_START is told by two control inputs; leave one of them out",
    ),
    "a state's tensor twice": (
        {
            **RISK,
            "sequence_batching": {
                "state": [{"input_name": "s", "output_name": "s", "data_type": "TYPE_FP32", "dims": [1]}]
            },
        },
        "tensor 's' is in sequence_batching twice; give each state tensors of its own",
    ),
    "a state that starts from two places": (
        {
            **RISK,
            "sequence_batching": {
                "state": [
                    {
                        "input_name": "s",
                        "output_name": "t",
                        "data_type": "TYPE_FP32",
                        "dims": [1],
                        "initial_state": [
                            {"name": "start", "data_type": "TYPE_FP32", "zero_data": True, "data_file": "zeros"}
                        ],
                    }
                ]
            },
        },
        "initial state 'start': give zero_data: true or a data_file, one of them",
    ),
    "a cache of sequences": (
        {**RISK, "sequence_batching": {}, "response_cache": {"enable": True}},
        "response_cache knows no sequences; switch it off or leave sequence_batching out",
    ),
    "a decoupled ONNX model": (
        {**RISK, "model_transaction_policy": {"decoupled": True}},
        "this backend gives one answer to each request; leave decoupled out",
    ),
    "a cache of a decoupled model": (
        {
            "name": "risk",
            "backend": "python",
            "model_transaction_policy": {"decoupled": True},
            "response_cache": {"enable": True},
        },
        "response_cache knows no decoupled models; switch one of them off",
    ),
    "GPUs of a CPU instance": (
        {**RISK, "instance_group": [{"kind": "KIND_CPU", "gpus": [0]}]},
        "instance_group: KIND_CPU names gpus; make it KIND_GPU or leave gpus out",
    ),
    "a GPU twice": (
        {**RISK, "instance_group": [{"kind": "KIND_GPU", "gpus": [0, 0]}]},
        "instance_group: GPU 0 comes twice; raise count for more instances on it",
    ),
    "a group's name twice": (
        {**RISK, "instance_group": [{"name": "fast"}, {"name": "fast"}]},
        "instance_group 'fast' comes twice; name each once, or leave names out",
    ),
    "a profile of an ONNX model": (
        {**RISK, "instance_group": [{"profile": ["0"]}]},
        "instance_group: profile is for TensorRT engines alone; leave it out",
    ),
    "a budget twice": (
        {**RISK, "instance_group": [{"rate_limiter": {"resources": [{"name": "r", "count": 1}] * 2}}]},
        "rate_limiter: resource 'r' comes twice; name each once",
    ),
    "a budget of two kinds": (
        {
            **RISK,
            "instance_group": [
                {"rate_limiter": {"resources": [{"name": "r", "count": 1, "global": shared}]}}
                for shared in (True, False)
            ],
        },
        "rate_limiter: resource 'r' is global in one group only; make both the same",
    ),
    "an accelerator twice": (
        {
            **RISK,
            "optimization": {
                "execution_accelerators": {"gpu_execution_accelerator": [{"name": "tensorrt"}, {"name": "tensorrt"}]}
            },
        },
        "accelerator 'tensorrt' comes twice; put its parameters into one",
    ),
    "a GPU accelerator of CPU instances": (
        {
            **RISK,
            "instance_group": [{"kind": "KIND_CPU"}],
            "optimization": {"execution_accelerators": {"gpu_execution_accelerator": [{"name": "cuda"}]}},
        },
        "a GPU accelerator needs an instance on a GPU; make an instance_group KIND_GPU",
    ),
    "a CPU accelerator of GPU instances": (
        {
            **RISK,
            "instance_group": [{"kind": "KIND_GPU"}],
            "optimization": {"execution_accelerators": {"cpu_execution_accelerator": [{"name": "openvino"}]}},
        },
        "a CPU accelerator needs an instance on a CPU; make an instance_group KIND_CPU",
    ),
    "an accelerator of another backend": (
        {
            "name": "risk",
            "backend": "tensorrt",
            "optimization": {"execution_accelerators": {"gpu_execution_accelerator": [{"name": "cuda"}]}},
        },
        "execution_accelerators are those of the onnxruntime backend; leave them out",
    ),
    "versions in two ways": (
        {**RISK, "version_policy": {"latest": {"num_versions": 1}, "all": {}}},
        "version_policy: give one of latest, all and specific",
    ),
    "a version twice": (
        {**RISK, "version_policy": {"specific": {"versions": [1, 1]}}},
        "version_policy: version 1 comes twice; name each once",
    ),
    "an input twice": ({**RISK, "input": [TENSOR, TENSOR]}, "input 'x' comes twice; name each once"),
    "a reshape of another size": (
        {**RISK, "input": [{**TENSOR, "reshape": {"shape": [5]}}]},
        (
            "tensor 'x': reshape [5] holds other elements than dims [4]; the products between open dimensions must be "
            "the same"
        ),
    ),
    "an empty reshape without a batch": (
        {**RISK, "max_batch_size": 0, "input": [{**TENSOR, "dims": [1], "reshape": {}}]},
        "input 'x': an empty reshape needs a batch; raise max_batch_size or leave it out",
    ),
    "an image without three dimensions": (
        {**RISK, "input": [{**TENSOR, "format": "FORMAT_NHWC"}]},
        "input 'x': FORMAT_NHWC needs three dims; give three or leave format out",
    ),
    "a shape tensor of an ONNX model": (
        {**RISK, "input": [{**TENSOR, "is_shape_tensor": True}]},
        "input 'x': shape tensors and non-linear formats are TensorRT's alone",
    ),
    "an ensemble of no steps": (ensemble(ensemble_scheduling={"step": []}), "give at least one"),
    "a dimension of nothing": (
        {**RISK, "input": [{**TENSOR, "dims": [0]}]},
        "dimension 0: write -1 for an open dimension, or a whole number from 1",
    ),
    "a warm-up above the largest batch": (
        {
            **RISK,
            "model_warmup": [
                {"name": "w", "batch_size": 33, "inputs": {"x": {"data_type": "TYPE_FP32", "zero_data": True}}}
            ],
        },
        "model_warmup 'w': batch_size 33 is above max_batch_size 32; lower it or raise that",
    ),
    "a warm-up of an input that is not there": (
        {
            **RISK,
            "input": [TENSOR],
            "model_warmup": [{"name": "w", "inputs": {"z": {"data_type": "TYPE_FP32", "zero_data": True}}}],
        },
        "model_warmup 'w': the model has no input 'z'; take it out",
    ),
    "a warm-up without an input": (
        {
            **RISK,
            "input": [TENSOR, SECOND],
            "model_warmup": [{"name": "w", "inputs": {"x": {"data_type": "TYPE_FP32", "zero_data": True}}}],
        },
        "model_warmup 'w': input 'y' is missing; add it",
    ),
    "a warm-up from two places": (
        {
            **RISK,
            "model_warmup": [
                {"name": "w", "inputs": {"x": {"data_type": "TYPE_FP32", "zero_data": True, "random_data": True}}}
            ],
        },
        "give zero_data: true, random_data: true or an input_data_file, one of them",
    ),
    "steps of no ensemble": (
        {**RISK, "ensemble_scheduling": steps({}, {})},
        "ensemble_scheduling needs platform: ensemble; add it or leave the steps out",
    ),
    "an ensemble without steps": (
        ensemble(ensemble_scheduling=None),
        "an ensemble has steps; add ensemble_scheduling",
    ),
    "instances of an ensemble": (
        ensemble(instance_group=[{"count": 1}]),
        "an ensemble has no instance_group; leave it out, or write it for its models",
    ),
    "an ensemble without inputs": (
        ensemble(input=[]),
        "an ensemble has no model to read inputs and outputs from; write both",
    ),
    "a step that reads an unknown tensor": (
        ensemble(ensemble_scheduling=steps({}, {"input_map": {"x": "elsewhere"}})),
        (
            "ensemble: step 'risk' reads tensor 'elsewhere' as 'x', which no input and no other step gives; name one "
            "that is given"
        ),
    ),
    "an output that nothing gives": (
        ensemble(output=[SECOND, {**SECOND, "name": "z"}]),
        "ensemble: no step gives output 'z'; map a step's output to it",
    ),
    "a tensor written twice": (
        ensemble(ensemble_scheduling=steps({}, {"output_map": {"score": "between"}})),
        "ensemble: tensor 'between' is written twice; give each output a name of its own",
    ),
    "a tensor that nothing reads": (
        ensemble(ensemble_scheduling=steps({"output_map": {"vector": "between", "also": "left"}}, {})),
        "ensemble: nothing reads tensor 'left'; leave it out or give it as an output",
    ),
    "steps in a circle": (
        ensemble(ensemble_scheduling=steps({"input_map": {"text": "x", "back": "y"}}, {})),
        "ensemble: steps 'encoder', 'risk' wait for each other's outputs; break the circle",
    ),
}


@pytest.mark.parametrize(("fields", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refuses_what_triton_would_refuse(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Model.model_validate(fields)

    (found,) = refused.value.errors()
    assert found["msg"] == f"Value error, {sentence}"


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"precision": "FP16"}, "TensorRT has no parameter 'precision'; known are "),
        ({"precision_mode": "FP8"}, "precision_mode is 'FP8'; write one of FP32, FP16, BF16, INT8"),
        ({"trt_cuda_graph_enable": "yes"}, "trt_cuda_graph_enable is 'yes'; write '1' or '0'"),
        ({"max_workspace_size_bytes": "1GB"}, "max_workspace_size_bytes is '1GB'; write a whole number"),
        (
            {"trt_engine_cache_enable": "1"},
            (
                "trt_engine_cache_enable needs trt_engine_cache_path, because the image's root is read-only; "
                "name a folder below /tmp"
            ),
        ),
        ({"trt_profile_min_shapes": "x:1"}, "trt_profile_min_shapes is given without trt_profile_opt_shapes; give all"),
        (
            {"trt_extra_plugin_lib_paths": "/x.so"},
            "trt_extra_plugin_lib_paths would run libraries of the model's own; leave it out",
        ),
    ],
)
def test_refuses_parameters_of_tensorrt_that_are_none(parameters: dict[str, str], sentence: str) -> None:
    accelerators = {"gpu_execution_accelerator": [{"name": "tensorrt", "parameters": parameters}]}

    with pytest.raises(ValidationError, match=re.escape(sentence)):
        Model.model_validate({**RISK, "optimization": {"execution_accelerators": accelerators}})


GPU_GROUP = {"instance_group": [{"kind": "KIND_GPU"}]}
ACCELERATED = {"optimization": {"execution_accelerators": {"cpu_execution_accelerator": [{"name": "openvino"}]}}}
STATE = {"input_name": "s", "output_name": "t", "data_type": "TYPE_FP32", "dims": [1]}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (GPU_GROUP, "has no GPU; make every instance_group KIND_CPU and the backend onnxruntime"),
        ({"backend": "tensorrt"}, "has no GPU; make every instance_group KIND_CPU and the backend onnxruntime"),
        (ACCELERATED, "has no accelerators; leave execution_accelerators out"),
        ({"sequence_batching": {"state": [STATE]}}, "keeps no state of sequences; leave sequence_batching.state out"),
    ],
)
def test_the_local_variant_refuses_what_only_the_official_one_runs(changes: dict[str, Any], sentence: str) -> None:
    model = Model.model_validate({**RISK, **changes})

    check_image(model, OFFICIAL)
    with pytest.raises(ValueError, match=re.escape(f"the local variant on CPU {sentence}")):
        check_image(model, LOCAL_CPU)


def test_no_variant_runs_a_backend_that_executes_the_models_code() -> None:
    for fields in ({"backend": "python"}, {"backend": "pytorch"}, {"platform": "pytorch_libtorch"}):
        model = Model.model_validate({"name": "risk", **fields})
        with pytest.raises(ValueError, match="executes code of the model's and is not in the image; export the model"):
            check_image(model, OFFICIAL)


def test_steps_are_held_to_the_models_they_name() -> None:
    both = Model.model_validate(ensemble(max_batch_size=8))
    encoder = Model.model_validate({**RISK, "name": "encoder"})
    risk = Model.model_validate({**RISK, "input": [TENSOR, SECOND], "output": [{**SECOND, "name": "score"}]})

    check_steps(both, {"encoder": encoder, "risk": Model.model_validate(RISK)})
    for known, sentence in (
        ({"encoder": encoder}, "ensemble: there is no model 'risk'; there are: encoder"),
        ({"encoder": encoder, "risk": risk}, "ensemble: input 'y' of model 'risk' gets no tensor; map one to it"),
        (
            {"encoder": encoder.model_copy(update={"max_batch_size": 4}), "risk": risk},
            "ensemble: max_batch_size 8 is above that of step 'encoder', 4; lower it",
        ),
        (
            {"encoder": encoder, "risk": Model.model_validate({**RISK, "output": [SECOND]})},
            "ensemble: model 'risk' has no output 'score'; it has: y",
        ),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
            check_steps(both, known)
