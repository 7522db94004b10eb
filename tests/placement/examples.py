"""Profiles, machines and tiny ONNX files for the tests of placement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from falaj.catalog.gpu_performance import GpuPerformance
from falaj.placement.advice import Demand
from falaj.placement.market import CpuMachine, GpuMachine, Market
from falaj.placement.profile import FORMAT, CpuProfile, Machine, Point
from falaj.placement.work import Work

CARD = GpuPerformance(
    memory_gb_per_s=1000,
    fp32_tflops=10,
    tf32_tflops=100,
    fp16_tflops=200,
    host_gb_per_s=10,
    source="a test",
    reviewed=date(2026, 11, 22),
)
CPU = CpuMachine("cpu.large", vcpus=8, memory_gib=32, hourly=0.4)
GPU = GpuMachine("gpu.large", family="l4", count=1, share=1.0, memory_gib=24, hourly=1.6, card=CARD)
MARKET = Market((CPU,), (GPU,))
NO_WORK = Work(operations=0, weight_bytes=0, activation_bytes=0, transfer_bytes=0, launches=1)
ENCODER = Work(operations=22e9, weight_bytes=4.4e8, activation_bytes=1e7, transfer_bytes=4096, launches=90)


def point(milliseconds: float, *, batch: int = 1, threads: int = 1, deviation: float = 0.0) -> Point:
    return Point(
        batch=batch,
        threads=threads,
        median_ms=milliseconds,
        p99_ms=milliseconds,
        mean_ms=milliseconds,
        deviation_ms=deviation,
        runs=100,
    )


def profile(*points: Point, work: Work = ENCODER) -> CpuProfile:
    return CpuProfile(
        format=FORMAT,
        model_sha256="0" * 64,
        measured=date(2026, 11, 22),
        runtime="onnxruntime 1.31.1",
        machine=Machine(processor="a test", cores=2),
        dimensions={},
        work=work,
        points=points or (point(10.0),),
    )


def demand(rate: float = 10.0, target_ms: float = 100.0, *, least: int = 1, most: int = 1000) -> Demand:
    return Demand(name="model", rate=rate, target_ms=target_ms, least=least, most=most, memory_gib=1.0)


def onnx_file(
    folder: Path, nodes: Sequence[onnx.NodeProto], shape: Sequence[int | str], **weights: Sequence[int]
) -> Path:
    """Write a model of one float input `x` and one output `y`, its weights zeros of these shapes."""
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.zeros(size, np.float32), name) for name, size in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    file = folder / "model.onnx"
    onnx.save(model, str(file))
    return file


def layered(folder: Path, width: int = 64) -> Path:
    """Write two dense layers with a nonlinearity between, any number of rows at once."""
    nodes = [
        helper.make_node("MatMul", ["x", "a"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "b"], ["y"]),
    ]
    return onnx_file(folder, nodes, ["batch", width], a=(width, width), b=(width, width))
