"""The limit as the benchmark sees it: a process that runs ONNX Runtime alone on the server's core."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import psutil

from benchmarks.serving import environments
from benchmarks.serving.answers import Expected
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.models import Model
from benchmarks.serving.process import MEBIBYTE
from benchmarks.serving.requests import Arrays, save
from benchmarks.serving.surroundings import Bench
from benchmarks.surroundings import inherited


@dataclass(frozen=True)
class Rate:
    """What ONNX Runtime does with nothing around it."""

    rate: float
    """Rows per second."""

    run_seconds: float
    """The middle of the times of one run."""


class Alone:
    """A bare process with a session; it does nothing between two orders."""

    def __init__(self, bench: Bench, process: subprocess.Popen[str], model: Model) -> None:
        self._bench = bench
        self._process = process
        self._model = model

    def rate(self, rows: int, seconds: float) -> Rate:
        """Run batches of so many rows so long."""
        return Rate(**self._order({"rate": seconds, "rows": rows}))

    def expected(self) -> Expected:
        """What a right answer to the example holds."""
        file = self._bench.folder / f"{self._model.name}.npy"
        told = self._order({"answer": str(file)})
        return Expected(told["output"], np.load(file))

    def memory(self) -> float:
        """PSS in MB (2**20)."""
        found: float = psutil.Process(self._process.pid).memory_full_info().pss
        return found / MEBIBYTE

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the process was started with pipes")
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise MeasurementError(f"ONNX Runtime alone ended with {self._process.wait()} on {self._model.name}.")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def alone(bench: Bench, model: Model, inputs: Arrays) -> Iterator[Alone]:
    """ONNX Runtime with a model, in the server's own environment and on its core."""
    kept = save(inputs, bench.folder / f"{model.name}.npz")
    python = str(environments.of_the_server())
    command = bench.cores.on_server_core([python, "-m", "benchmarks.serving.limit", str(model.file), str(kept)])
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**inherited(), "PYTHONPATH": str(environments.ROOT)},
    )
    with process:
        try:
            yield Alone(bench, process, model)
        finally:
            process.kill()
