"""The table of goals: every row by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.serving.finding import Finding
from benchmarks.serving.rows import beside_limit, beside_peers, departed, footprint, quota, routed
from benchmarks.serving.surroundings import Bench


@dataclass(frozen=True)
class Row:
    """Something that is measured by itself."""

    name: str
    title: str
    measure: Callable[[Bench], Finding]


ROWS = (
    Row("rest-many", "Tiny model, REST JSON, 32 connections", beside_peers.rest_many),
    Row("rest-one", "Tiny model, REST JSON, one connection", beside_peers.rest_one),
    Row("grpc-many", "Tiny model, gRPC, 32 calls at once", beside_peers.grpc_many),
    Row("triton-image", "Tiny model, gRPC, 32 calls at once: the Triton image", beside_peers.triton_image),
    Row("constant-rate", "Tiny model, REST JSON, 300 requests a second", beside_peers.constant_rate),
    Row("minilm-one", "MiniLM beside ONNX Runtime alone, one caller", beside_limit.minilm_one),
    Row("minilm-many", "MiniLM beside ONNX Runtime alone, 32 callers", beside_limit.minilm_many),
    Row("resnet", "ResNet-50 beside ONNX Runtime alone, 8 callers, binary", beside_limit.resnet),
    Row("memory", "Memory above a bare ONNX Runtime process", footprint.memory),
    Row("start", "Start to first right answer", footprint.start),
    Row("quota", "A CPU quota of one on two cores", quota.untuned),
    Row("burst", "Memory after a burst of the largest batch", footprint.burst),
    Row("departed", "A lone caller right after 32 hung up", departed.lone_caller),
    Row("router", "The server with a router before it", routed.router),
)
