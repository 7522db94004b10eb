"""ONNX Runtime alone, in a process of its own: the limit that a server is held against.

``python -m benchmarks.serving.limit MODEL INPUTS`` makes a session with one thread and obeys one line of JSON at a
time: ``{"rate": SECONDS, "rows": N}`` runs batches of N rows so long, ``{"answer": FILE}`` writes what one run gives.
It imports nothing but NumPy and ONNX Runtime, so that its memory is theirs.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import onnxruntime as ort

LEAST_RUNS = 3


class Loop:
    """A session that is called in a loop."""

    def __init__(self, model: str, inputs: str) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        with np.load(inputs) as kept:
            self._inputs = {name: kept[name] for name in kept.files}

    def rate(self, seconds: float, rows: int) -> dict[str, float]:
        """Rows per second, and the middle of the times of one run."""
        feed = {name: np.repeat(array, rows, axis=0) for name, array in self._inputs.items()}
        self._session.run(None, feed)
        times: list[float] = []
        started = now = time.perf_counter()
        while now - started < seconds or len(times) < LEAST_RUNS:
            self._session.run(None, feed)
            before, now = now, time.perf_counter()
            times.append(now - before)
        return {"rate": rows * len(times) / (now - started), "run_seconds": sorted(times)[len(times) // 2]}

    def answer(self, file: str) -> dict[str, str]:
        """Write the last output of one run and tell its name."""
        name = self._session.get_outputs()[-1].name
        np.save(file, self._session.run([name], self._inputs)[0])
        return {"output": name}


def main(model: str, inputs: str) -> None:
    """Obey until the input ends."""
    loop = Loop(model, inputs)
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        found = loop.answer(order["answer"]) if "answer" in order else loop.rate(order["rate"], order["rows"])
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
