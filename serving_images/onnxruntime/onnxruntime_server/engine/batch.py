"""Requests put together for one run, and taken apart again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from onnxruntime_server.errors import ClientGoneError, InvalidArgumentError, ModelFailedError, ServerError
from onnxruntime_server.protocol.messages import Array

if TYPE_CHECKING:
    from onnxruntime_server.engine.work import Outcome, Work

Run: TypeAlias = Callable[[dict[str, Array], Sequence[str]], list[Array]]
"""Computes named outputs from inputs; raises a ServerError where it can't."""

_LOG = logging.getLogger(__name__)


def shapes_of_a_row(work: Work) -> tuple[tuple[int, ...], ...]:
    """What requests must have in common to be put together: the shapes of their rows."""
    return tuple([array.shape[1:] for array in work.inputs.values()])


def elements_of(inputs: Mapping[str, Array]) -> int:
    """How many elements all inputs hold together; each character of a text counts as one more."""
    return sum([_with_characters(array) if array.dtype.hasobject else array.size for array in inputs.values()])


def compute(batch: Sequence[Work], run: Run) -> float:
    """Run the batch and deliver to each its own rows; the seconds of the run.

    Where the batch as a whole can't be computed each is run alone, so that nobody pays for another's inputs.
    """
    started = time.perf_counter()
    try:
        outcomes = _together(batch, run) if len(batch) > 1 else [_alone(batch[0], run)]
    except ClientGoneError as gone:
        outcomes = [gone for _ in batch]
    except (InvalidArgumentError, ModelFailedError, _NoBatchAxisError):
        seconds = [_one_by_one(work, run) for work in batch]
        return sum(seconds)
    seconds_of_run = time.perf_counter() - started
    for number, (work, outcome) in enumerate(zip(batch, outcomes, strict=True)):
        work.infer_seconds, work.first_of_run = seconds_of_run, number == 0
        deliver(work, outcome)
    return seconds_of_run


def deliver(work: Work, outcome: Outcome) -> None:
    """Hand over the outcome. Whatever goes wrong there concerns this one request alone."""
    try:
        work.deliver(work, outcome)
    except Exception:  # noqa: BLE001 - the others of the batch still have to be told
        _LOG.exception("an answer could not be handed over")


def _with_characters(array: Array) -> int:
    return array.size + sum(map(len, array.ravel().tolist()))


class _NoBatchAxisError(Exception):
    """An output has another number of rows than the inputs."""


def _alone(work: Work, run: Run) -> Outcome:
    try:
        return run(work.inputs, work.outputs)
    except ServerError as error:
        return error
    except Exception:  # noqa: BLE001 - whatever the runtime raises, the client gets an answer and the log the place
        _LOG.exception("a run failed")
        return ModelFailedError("the model failed; the server's log says where")


def _one_by_one(work: Work, run: Run) -> float:
    started = time.perf_counter()
    outcome = _alone(work, run)
    work.infer_seconds, work.first_of_run = time.perf_counter() - started, True
    deliver(work, outcome)
    return work.infer_seconds


def _together(batch: Sequence[Work], run: Run) -> list[Outcome]:
    first = batch[0]
    names = list(dict.fromkeys(name for work in batch for name in work.outputs))
    inputs = {name: np.concatenate([work.inputs[name] for work in batch]) for name in first.inputs}
    try:
        found = dict(zip(names, run(inputs, names), strict=True))
    except ServerError:
        raise
    except Exception as error:
        _LOG.exception("a run of several requests failed; each is tried alone")
        raise ModelFailedError("the model failed") from error
    rows = sum(work.rows for work in batch)
    if any(array.shape[:1] != (rows,) for array in found.values()):
        raise _NoBatchAxisError
    outcomes: list[Outcome] = []
    start = 0
    for work in batch:
        end = start + work.rows
        outcomes.append([found[name][start:end] for name in work.outputs])
        start = end
    return outcomes
