"""What is asked during the soak: two models, several shapes, and what is wrong on purpose."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.alone import alone
from benchmarks.serving.answers import Expected
from benchmarks.serving.models import Model, built
from benchmarks.serving.requests import Arrays, Protocol, Request, example, request
from benchmarks.serving.surroundings import Bench

SHAPES = {"tiny": ((1, 0), (7, 0), (32, 0)), "minilm": ((1, 16), (1, 64), (3, 32), (8, 32))}
"""Rows and tokens of the examples."""


@dataclass(frozen=True)
class Case:
    """An example and its right answer."""

    model: str
    inputs: Arrays
    expected: Expected

    def asked(self, protocol: Protocol) -> Request:
        """The request in a protocol."""
        return request(protocol, self.model, self.inputs)


@dataclass(frozen=True)
class Fault:
    """A request that must be refused, and how."""

    path: str
    body: bytes
    status: int


FAULTS = (
    Fault("/v2/models/tiny/infer", b"{", 400),
    Fault("/v2/models/tiny/infer", b'{"inputs": []}', 400),
    Fault(
        "/v2/models/tiny/infer",
        json.dumps({"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}).encode(),
        400,
    ),
    Fault("/v2/models/absent/infer", b'{"inputs": []}', 404),
    Fault("/v2/models/tiny/versions/99/infer", b'{"inputs": []}', 404),
    Fault("/v2/nowhere", b"", 404),
)


def both_models(folder: Path) -> Model:
    """A repository of the two models in this folder; named after neither."""
    for name in SHAPES:
        file = built(name).file
        place = folder / name / "1" / "model.onnx"
        place.parent.mkdir(parents=True)
        try:
            os.link(file, place)
        except OSError:
            shutil.copyfile(file, place)
    return Model("both", folder)


def cases(bench: Bench) -> Iterator[Case]:
    """Every example with ONNX Runtime's own answer."""
    for name, shapes in SHAPES.items():
        for rows, tokens in shapes:
            inputs = example(name, rows, tokens)
            with alone(bench, built(name), inputs) as limit:
                yield Case(name, inputs, limit.expected())
