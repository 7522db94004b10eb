"""What of a model's configuration decides how ONNX Runtime runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import onnxruntime

from onnxruntime_backend.signature import Configuration, SignatureError

LEVELS: Final = {
    -1: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    0: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    1: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    2: onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
"""Graph optimisation in Triton's numbers."""
THREADS: Final = "ORT_INTRA_OP_NUM_THREADS"
"""How many threads a session may use, told by whoever started Triton."""


def session_options(configuration: Configuration) -> onnxruntime.SessionOptions:
    """The options of a model's session. Refuses what only a GPU, OpenVINO or Triton's own backend can do."""
    _refuse(configuration)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get(THREADS, "1"))
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised; the log must not repeat tensor contents
    # Spinning gains nothing that could be measured and costs up to three times under a quota.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    level = int(configuration.get("optimization", {}).get("graph", {}).get("level", 0))
    options.graph_optimization_level = LEVELS[level]
    parameters = _parameters(configuration)
    if parameters.get("execution_mode") == "1":
        options.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    options.enable_cpu_mem_arena = parameters.get("enable_mem_arena", "1") != "0"
    options.enable_mem_pattern = parameters.get("enable_mem_pattern", "1") != "0"
    return options


def _refuse(configuration: Configuration) -> None:
    accelerators = configuration.get("optimization", {}).get("execution_accelerators", {})
    for kind in ("gpu_execution_accelerator", "cpu_execution_accelerator"):
        for accelerator in accelerators.get(kind, ()):
            raise SignatureError(f"the local variant has no accelerator '{accelerator['name']}': leave it out here")
    if configuration.get("sequence_batching", {}).get("state"):
        raise SignatureError("the local variant keeps no state of sequences: leave sequence_batching.state out here")
    if configuration.get("model_transaction_policy", {}).get("decoupled"):
        raise SignatureError("an ONNX model gives one answer to each request: leave decoupled out")


def _parameters(configuration: Configuration) -> Mapping[str, str]:
    return {name: entry["string_value"] for name, entry in configuration.get("parameters", {}).items()}
