"""Requests that run together: put behind one another by rows, and their answers taken apart again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Tensors: TypeAlias = Mapping[str, Array]
Run: TypeAlias = Callable[[Tensors], Tensors]
"""Computes the outputs of some inputs; raises where it can't."""


def run_together(requests: Sequence[Tensors], run: Run) -> list[Tensors | Exception]:
    """The outputs of each request, or why it has none.

    They run as one. Where that fails, or an output does not count the rows of all, each runs by itself: a request
    that the model can't compute fails alone.
    """
    if len(requests) > 1:
        rows = [len(next(iter(request.values()))) for request in requests]
        try:
            found = run({name: np.concatenate([request[name] for request in requests]) for name in requests[0]})
        except Exception:  # noqa: BLE001 - whatever it was, it is told again to the request that caused it
            return [_alone(request, run) for request in requests]
        if all(array.ndim and len(array) == sum(rows) for array in found.values()):
            return _parted(found, rows)
    return [_alone(request, run) for request in requests]


def _alone(request: Tensors, run: Run) -> Tensors | Exception:
    try:
        return run(request)
    except Exception as error:  # noqa: BLE001 - told to whoever asked
        return error


def _parted(found: Tensors, rows: Sequence[int]) -> list[Tensors | Exception]:
    parts: list[Tensors | Exception] = []
    start = 0
    for count in rows:
        parts.append({name: array[start : start + count] for name, array in found.items()})
        start += count
    return parts
