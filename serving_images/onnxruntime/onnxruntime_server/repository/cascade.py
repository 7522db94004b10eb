"""Cascades: a cheap model for every row, a dear one for the rows that the cheap one is not sure of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from onnxruntime_server.engine.work import Servable
from onnxruntime_server.errors import ModelFailedError, RepositoryError, ServerError
from onnxruntime_server.protocol.datatypes import Datatype
from onnxruntime_server.protocol.messages import Array, ModelMetadata, TensorSpec
from onnxruntime_server.repository.composed import PLATFORM, Composed, Resolver, Run, merged, shown

if TYPE_CHECKING:
    from onnxruntime_server.metrics import ModelStatistics
    from onnxruntime_server.repository.configuration import Cascade, ModelSettings

CHEAP = "cheap"
DEAR = "dear"


class CascadeModel(Composed):
    """A pair of models. Made only of models that serve, take the same and give something in common: see ``paired``."""

    def __init__(
        self,
        name: str,
        version: str,
        settings: ModelSettings,
        cascade: Cascade,
        *,
        statistics: ModelStatistics,
        resolve: Resolver,
    ) -> None:
        super().__init__(name, version, settings, statistics, resolve)
        inputs, outputs = paired(cascade, resolve)
        self.metadata = ModelMetadata(name, (version,), inputs, outputs, PLATFORM)
        self._cascade = cascade

    def start(self, run: Run) -> None:
        """Ask the cheap model for every row."""
        wanted = run.work.outputs
        names = list(dict.fromkeys([*wanted, self._cascade.confidence]))

        def settle(arrays: Sequence[Array]) -> None:
            found = dict(zip(names, arrays, strict=True))
            self._pass_on(run, [found[name] for name in wanted], found[self._cascade.confidence])

        run.step(CHEAP, lambda: _cheap(self._cascade, self.resolve), run.work.inputs, names, settle)

    def _pass_on(self, run: Run, cheap: list[Array], confidence: Array) -> None:
        """Ask the dear model for the rows that are below the threshold; answer at once where there are none."""
        rows = next(iter(run.work.inputs.values())).shape[0]
        if any(array.shape[:1] != (rows,) for array in (*cheap, confidence)):
            raise ModelFailedError(f"an output has not one row for each of the {rows} rows of the inputs")
        unsure = np.flatnonzero(~(measured(confidence, self._cascade.measure) >= self._cascade.threshold))
        if not unsure.size:
            run.finish(cheap)
            return

        def settle(dear: Sequence[Array]) -> None:
            run.finish([_merged(rows, unsure, *pair) for pair in zip(cheap, dear, strict=True)])

        inputs = {name: array[unsure] for name, array in run.work.inputs.items()}
        run.step(DEAR, lambda: _dear(self._cascade, self.resolve), inputs, list(run.work.outputs), settle)


def measured(confidence: Array, measure: Literal["largest", "margin"]) -> npt.NDArray[np.float64]:
    """How sure a model is of each row; not a number where one of the row's numbers is none."""
    rows, width = confidence.shape[0], math.prod(confidence.shape[1:])
    numbers = confidence.reshape(rows, width).astype(np.float64)
    if not width or (measure == "margin" and width == 1):
        return np.full(rows, np.nan)
    if measure == "largest":
        return np.asarray(numbers.max(axis=1))
    best = np.partition(numbers, width - 2, axis=1)[:, -2:]
    return np.where(np.isnan(numbers).any(axis=1), np.nan, best[:, 1] - best[:, 0])


def paired(cascade: Cascade, resolve: Resolver) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """What a cascade takes and gives. Refuses models that do not serve or can't stand in for each other."""
    cheap, dear = _metadata(CHEAP, cascade, resolve), _metadata(DEAR, cascade, resolve)
    others = {spec.name: spec for spec in dear.inputs}
    if {spec.name for spec in cheap.inputs} != set(others):
        raise RepositoryError(
            f"cascade: '{cheap.name}' takes {_names(cheap.inputs)}, '{dear.name}' takes {_names(dear.inputs)}; "
            "expected the same inputs"
        )
    inputs = tuple(_both("input", spec, others[spec.name]) for spec in cheap.inputs)
    given = {spec.name: spec for spec in dear.outputs}
    outputs = tuple(_both("output", spec, given[spec.name]) for spec in cheap.outputs if spec.name in given)
    if not outputs:
        raise RepositoryError(f"cascade: '{cheap.name}' and '{dear.name}' have no output in common")
    confidence = next((spec for spec in cheap.outputs if spec.name == cascade.confidence), None)
    if confidence is None:
        raise RepositoryError(
            f"cascade: '{cheap.name}' has no output '{cascade.confidence}'; it has {_names(cheap.outputs)}"
        )
    _refuse_no_measure(cascade, confidence)
    for spec in (*inputs, *outputs, confidence):
        if spec.shape[:1] != (-1,):
            raise RepositoryError(f"cascade: '{spec.name}' is {shown(spec)}; expected -1 rows, as rows are passed on")
    return inputs, outputs


def _refuse_no_measure(cascade: Cascade, confidence: TensorSpec) -> None:
    if confidence.datatype in {Datatype.BYTES, Datatype.BOOL, Datatype.BF16}:
        raise RepositoryError(f"cascade: '{confidence.name}' is {shown(confidence)}; expected numbers")
    if cascade.measure == "margin" and (len(confidence.shape) == 1 or confidence.shape[1:] == (1,)):
        raise RepositoryError(f"cascade: '{confidence.name}' is {shown(confidence)}; a margin needs two numbers a row")


def _both(kind: str, cheap: TensorSpec, dear: TensorSpec) -> TensorSpec:
    if (spec := merged(cheap, dear)) is None:
        raise RepositoryError(f"cascade: {kind} '{cheap.name}' is {shown(cheap)} and {shown(dear)}")
    if kind == "output":  # what either gives
        sizes = zip(cheap.shape, dear.shape, strict=True)
        return TensorSpec(spec.name, spec.datatype, tuple(one if one == other else -1 for one, other in sizes))
    return spec


def _merged(rows: int, unsure: npt.NDArray[np.intp], cheap: Array, dear: Array) -> Array:
    """The cheap model's rows, but where it was unsure."""
    if dear.shape[:1] != unsure.shape:
        raise ModelFailedError("an output has not one row for each row of the inputs")
    if unsure.size == rows:
        return dear
    if cheap.shape[1:] != dear.shape[1:]:
        raise ModelFailedError(
            f"its rows have shape {list(dear.shape[1:])}, those of step '{CHEAP}' {list(cheap.shape[1:])}"
        )
    both = cheap.copy()
    both[unsure] = dear
    return both


def _cheap(cascade: Cascade, resolve: Resolver) -> Servable:
    return resolve(cascade.cheap, None if cascade.cheap_version is None else str(cascade.cheap_version))


def _dear(cascade: Cascade, resolve: Resolver) -> Servable:
    return resolve(cascade.dear, None if cascade.dear_version is None else str(cascade.dear_version))


def _metadata(label: str, cascade: Cascade, resolve: Resolver) -> ModelMetadata:
    try:
        return (_cheap if label == CHEAP else _dear)(cascade, resolve).metadata
    except ServerError as error:
        raise RepositoryError(f"cascade step '{label}': {error}") from None


def _names(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(f"'{spec.name}'" for spec in specs)
