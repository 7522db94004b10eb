"""Configurations that Triton takes, in every shape that the specification has."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Fields = dict[str, Any]
TYPES = [f"TYPE_{name}" for name in ("BOOL", "UINT8", "INT64", "FP16", "FP32", "FP64", "STRING", "BF16")]

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
tensor_names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
files = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
dims = st.lists(st.one_of(st.just(-1), st.integers(1, 2**31)), min_size=1, max_size=4)
sizes = st.lists(st.integers(1, 2**40), max_size=3)
microseconds = st.integers(0, 2**62)
singles = st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-(2.0**100), max_value=2.0**100)
switches = st.booleans()


def given_or_not(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), strategy)


def fields(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Fields]:
    """An object of these keys, any of which may be left out."""
    return st.fixed_dictionaries({}, optional=strategies)


queue_policies = fields(
    timeout_action=st.sampled_from(["REJECT", "DELAY"]),
    default_timeout_microseconds=microseconds,
    allow_timeout_override=switches,
    max_queue_size=st.integers(0, 2**32 - 1),
)


@st.composite
def dynamic_batchings(draw: st.DrawFn, most: int) -> Fields:
    found: Fields = draw(
        fields(
            preferred_batch_size=st.lists(st.integers(1, most), max_size=4, unique=True),
            max_queue_delay_microseconds=microseconds,
            default_queue_policy=queue_policies,
        )
    )
    levels = draw(st.integers(0, 4))
    if levels:
        found["priority_levels"] = levels
        found["default_priority_level"] = draw(st.integers(1, levels))
        found["priority_queue_policy"] = draw(st.dictionaries(st.integers(1, levels), queue_policies, max_size=levels))
    waits = [found.get("default_queue_policy", {}), *found.get("priority_queue_policy", {}).values()]
    if levels < 2 and all(policy.get("timeout_action") != "DELAY" for policy in waits):
        found["preserve_ordering"] = draw(switches)
    return found


switch_values = st.one_of(
    st.fixed_dictionaries({"int32_false_true": st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 9))}),
    st.fixed_dictionaries({"fp32_false_true": st.tuples(singles, singles)}),
    st.fixed_dictionaries({"bool_false_true": st.tuples(switches, switches)}),
)


@st.composite
def sequence_batchings(draw: st.DrawFn, most: int) -> Fields:
    tensors = iter(draw(st.lists(tensor_names, min_size=8, max_size=8, unique=True)))
    kinds = draw(st.lists(st.sampled_from(["START", "READY", "END"]), unique=True))
    controls = [
        {"name": next(tensors), "control": [{"kind": f"CONTROL_SEQUENCE_{kind}", **draw(switch_values)}]}
        for kind in kinds
    ]
    if draw(switches):
        kind = {"kind": "CONTROL_SEQUENCE_CORRID", "data_type": draw(st.sampled_from(["TYPE_UINT64", "TYPE_STRING"]))}
        controls.append({"name": next(tensors), "control": [kind]})
    states = [
        {
            "input_name": next(tensors),
            "output_name": next(tensors),
            "data_type": draw(st.sampled_from(TYPES)),
            "dims": draw(dims),
            "initial_state": draw(st.sampled_from([[], [{"name": "s", "data_type": "TYPE_FP32", "zero_data": True}]])),
            "use_growable_memory": draw(switches),
        }
        for _ in range(draw(st.integers(0, 2)))
    ]
    oldest = fields(
        preferred_batch_size=st.lists(st.integers(1, most), max_size=3) if most else st.just([]),
        max_queue_delay_microseconds=microseconds,
        preserve_ordering=switches,
    ).map(lambda found: {"oldest": {"max_candidate_sequences": 7, **found}})
    direct = fields(max_queue_delay_microseconds=microseconds, minimum_slot_utilization=st.floats(0, 1, width=32)).map(
        lambda found: {"direct": found}
    )
    return {
        **draw(st.one_of(st.just({}), oldest, direct)),
        "control_input": controls,
        "state": states,
        "max_sequence_idle_microseconds": draw(microseconds),
        "iterative_sequence": draw(switches),
    }


resources = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abc"), "count": st.integers(1, 9)}),
    max_size=3,
    unique_by=lambda each: str(each["name"]),
).map(lambda found: [{**each, "global": each["name"] == "a"} for each in found])
groups = st.one_of(
    fields(
        kind=st.sampled_from(["KIND_AUTO", "KIND_GPU"]),
        count=st.integers(0, 9),
        gpus=st.lists(st.integers(0, 15), max_size=4, unique=True),
        rate_limiter=fields(resources=resources, priority=st.integers(0, 9)),
        host_policy=texts,
    ),
    fields(kind=st.sampled_from(["KIND_CPU", "KIND_MODEL"]), count=st.integers(0, 9), passive=switches),
)
tensorrt = fields(
    precision_mode=st.sampled_from(["FP32", "FP16", "BF16", "INT8"]),
    max_workspace_size_bytes=st.integers(0, 2**40).map(str),
    trt_cuda_graph_enable=st.sampled_from(["0", "1"]),
    trt_engine_cache_path=st.just("/tmp/engines"),
).map(lambda found: {"name": "tensorrt", "parameters": found})
optimizations = fields(
    graph=fields(level=st.integers(-1, 2)),
    priority=st.sampled_from(["PRIORITY_DEFAULT", "PRIORITY_MAX", "PRIORITY_MIN"]),
    cuda=fields(graphs=switches, busy_wait_events=switches, output_copy_stream=switches),
    execution_accelerators=fields(
        gpu_execution_accelerator=st.lists(tensorrt, max_size=1),
        cpu_execution_accelerator=st.lists(st.just({"name": "openvino"}), max_size=1),
    ),
    input_pinned_memory=fields(enable=switches),
    output_pinned_memory=fields(enable=switches),
    gather_kernel_buffer_threshold=st.integers(0, 2**31 - 1),
    eager_batching=switches,
)
version_policies: st.SearchStrategy[Fields] = st.one_of(
    st.integers(1, 2**32 - 1).map(lambda count: {"latest": {"num_versions": count}}),
    st.just({"all": {}}),
    st.lists(st.integers(1, 2**62), min_size=1, max_size=4, unique=True).map(
        lambda found: {"specific": {"versions": found}}
    ),
)


@st.composite
def tensors(draw: st.DrawFn, *, inputs: bool, batching: bool) -> Fields:
    shape = draw(dims)
    found: Fields = {"name": draw(tensor_names), "data_type": draw(st.sampled_from(TYPES)), "dims": shape}
    if draw(switches):
        found["reshape"] = {"shape": [*shape, 1]}
    elif batching and draw(switches):
        found |= {"dims": [1], "reshape": {"shape": []}}
    if inputs:
        found |= draw(fields(allow_ragged_batch=switches, optional=switches))
    elif draw(switches):
        found["label_filename"] = draw(files)
    return found


@st.composite
def warm_ups(draw: st.DrawFn, inputs: list[Fields], most: int) -> list[Fields]:
    data = st.one_of(
        st.just({"zero_data": True}), st.just({"random_data": True}), files.map(lambda file: {"input_data_file": file})
    )
    named = {each["name"]: {"data_type": each["data_type"], "dims": draw(sizes), **draw(data)} for each in inputs}
    wanted = draw(st.integers(0, 2)) if inputs else 0
    return [
        {"name": f"sample {number}", "inputs": named, "batch_size": draw(st.integers(1, max(most, 1)))}
        for number in range(wanted)
    ]


def name_of(fields: Fields) -> str:
    return str(fields["name"])


@st.composite
def plain_models(draw: st.DrawFn) -> Fields:
    """Any model but an ensemble."""
    most = draw(st.integers(0, 64))
    inputs = draw(st.lists(tensors(inputs=True, batching=most > 0), max_size=3, unique_by=name_of))
    found: Fields = {
        "name": draw(names),
        "backend": "onnxruntime",
        "max_batch_size": most,
        "input": inputs,
        "output": draw(st.lists(tensors(inputs=False, batching=most > 0), max_size=3, unique_by=name_of)),
        "model_warmup": draw(warm_ups(inputs, most)),
        **draw(
            fields(
                version_policy=version_policies,
                optimization=optimizations,
                metric_tags=st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True), texts, max_size=2),
                parameters=st.dictionaries(tensor_names, texts, max_size=3),
            )
        ),
    }
    found["instance_group"] = [
        {**each, "name": f"group {number}"} for number, each in enumerate(draw(st.lists(groups, max_size=3)))
    ]
    scheduler = draw(st.sampled_from(["none", "dynamic", "sequence"]))
    if scheduler == "dynamic" and most:
        found["dynamic_batching"] = draw(dynamic_batchings(most))
    if scheduler == "sequence":
        found["sequence_batching"] = draw(sequence_batchings(most))
    else:
        found["response_cache"] = {"enable": draw(switches)}
    return found


@st.composite
def ensembles(draw: st.DrawFn) -> Fields:
    """Steps one behind the other, each reading what was written before."""
    count = draw(st.integers(1, 4))
    steps = [
        {
            "model_name": draw(names),
            "model_version": draw(st.sampled_from([-1, 1, 7])),
            "input_map": {"x": f"tensor {number}", "also": f"tensor {draw(st.integers(0, number))}"},
            "output_map": {"y": f"tensor {number + 1}"},
        }
        for number in range(count)
    ]
    return {
        "name": draw(names),
        "platform": "ensemble",
        "max_batch_size": draw(st.integers(0, 64)),
        "input": [{"name": "tensor 0", "data_type": "TYPE_FP32", "dims": [-1]}],
        "output": [{"name": f"tensor {count}", "data_type": "TYPE_FP32", "dims": [-1]}],
        "ensemble_scheduling": {
            "step": draw(st.permutations(steps)),
            "max_inflight_requests": draw(st.integers(0, 9)),
        },
    }


models = st.one_of(plain_models(), ensembles())
