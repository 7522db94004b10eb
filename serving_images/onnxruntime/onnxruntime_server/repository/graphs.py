"""Ensembles: graphs of models whose tensors stay in the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from onnxruntime_server.engine.work import Servable
from onnxruntime_server.errors import RepositoryError, ServerError
from onnxruntime_server.protocol.messages import Array, ModelMetadata, TensorSpec
from onnxruntime_server.repository.composed import PLATFORM, Composed, Resolver, Run, merged, shown

if TYPE_CHECKING:
    from onnxruntime_server.metrics import ModelStatistics
    from onnxruntime_server.repository.configuration import Ensemble, ModelSettings, Step


class Graph(Composed):
    """An ensemble. A step begins as soon as its inputs are there; steps that no wanted output needs are left out.

    Its models are looked up for each request, so that a newer version takes over at once. Made only of models that
    serve, whose tensors fit each other: see ``wired``.
    """

    def __init__(
        self,
        name: str,
        version: str,
        settings: ModelSettings,
        ensemble: Ensemble,
        *,
        statistics: ModelStatistics,
        resolve: Resolver,
    ) -> None:
        super().__init__(name, version, settings, statistics, resolve)
        inputs, outputs = wired(ensemble, resolve)
        self.metadata = ModelMetadata(name, (version,), inputs, outputs, PLATFORM)
        self._steps = ensemble.steps
        self._maker = {tensor: step for step in ensemble.steps for tensor in step.outputs.values()}

    def start(self, run: Run) -> None:
        """Begin the steps that need nothing but what the request gives."""
        _Passage(self, run, self._needed(run.work.outputs)).proceed()

    def _needed(self, outputs: Sequence[str]) -> list[Step]:
        """The steps that the outputs come from, directly or not."""
        tensors, steps = list(outputs), dict[str, None]()
        while tensors:
            step = self._maker.get(tensors.pop())
            if step is not None and step.label not in steps:
                steps[step.label] = None
                tensors += step.inputs.values()
        return [step for step in self._steps if step.label in steps]


class _Passage:
    """The tensors of one request and the steps that have not begun."""

    def __init__(self, graph: Graph, run: Run, steps: list[Step]) -> None:
        self._graph = graph
        self._run = run
        self._waiting = steps
        self._tensors: dict[str, Array] = dict(run.work.inputs)
        self._readers = Counter(tensor for step in steps for tensor in step.inputs.values())
        self._readers.update(run.work.outputs)

    def proceed(self) -> None:
        """Begin every step whose inputs are there; answer once all outputs are."""
        with self._run.lock:
            ready = [step for step in self._waiting if all(each in self._tensors for each in step.inputs.values())]
            self._waiting = [step for step in self._waiting if step not in ready]
            given = [{name: self._take(tensor) for name, tensor in step.inputs.items()} for step in ready]
            wanted = self._run.work.outputs
            answer = [self._tensors[name] for name in wanted] if all(name in self._tensors for name in wanted) else None
        if answer is not None:
            self._run.finish(answer)
            return
        for step, inputs in zip(ready, given, strict=True):
            if self._run.is_over:
                break
            self._begin(step, inputs)

    def _begin(self, step: Step, inputs: dict[str, Array]) -> None:
        tensors = {name: tensor for name, tensor in step.outputs.items() if self._readers[tensor]}

        def settle(arrays: Sequence[Array]) -> None:
            with self._run.lock:
                self._tensors.update(zip(tensors.values(), arrays, strict=True))
            self.proceed()

        self._run.step(step.label, lambda: _served(self._graph.resolve, step), inputs, list(tensors), settle)

    def _take(self, tensor: str) -> Array:
        """A tensor for one of its readers; after the last it is let go of."""
        array = self._tensors[tensor]
        self._readers[tensor] -= 1
        if not self._readers[tensor]:
            del self._tensors[tensor]
        return array


def wired(ensemble: Ensemble, resolve: Resolver) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """What an ensemble takes and gives. Refuses one whose steps are not all served or do not fit each other."""
    metadata = {step.label: _metadata(step, resolve) for step in ensemble.steps}
    made = _made(ensemble, metadata)
    given: dict[str, TensorSpec] = {}
    for step in ensemble.steps:
        for name, spec in _mapped(step, step.inputs, metadata[step.label].inputs, "input"):
            tensor = step.inputs[name]
            if (source := made.get(tensor)) is not None:
                _connect(f"ensemble step '{step.label}' takes '{tensor}' as", spec, source)
            elif tensor in ensemble.inputs:
                given[tensor] = _joined(tensor, spec, given.get(tensor))
            else:
                raise RepositoryError(
                    f"ensemble step '{step.label}' takes tensor '{tensor}', which is no input of the ensemble and no "
                    "output of a step"
                )
        if missing := sorted({spec.name for spec in metadata[step.label].inputs} - set(step.inputs)):
            raise RepositoryError(f"ensemble step '{step.label}' gives its model no input '{missing[0]}'")
    _refuse_loose_ends(ensemble, made, given)
    _refuse_cycles(ensemble)
    return tuple(given[name] for name in ensemble.inputs), tuple(made[name] for name in ensemble.outputs)


def _served(resolve: Resolver, step: Step) -> Servable:
    return resolve(step.model, None if step.version is None else str(step.version))


def _metadata(step: Step, resolve: Resolver) -> ModelMetadata:
    try:
        return _served(resolve, step).metadata
    except ServerError as error:
        raise RepositoryError(f"ensemble step '{step.label}': {error}") from None


def _mapped(
    step: Step, names: Mapping[str, str], specs: Sequence[TensorSpec], kind: str
) -> list[tuple[str, TensorSpec]]:
    """The model's tensors that a map names. Dimensions of one name in two steps are not the same dimension."""
    known = {spec.name: spec for spec in specs}
    for name in names:
        if name not in known:
            has = ", ".join(f"'{each}'" for each in known)
            raise RepositoryError(
                f"ensemble step '{step.label}': model '{step.model}' has no {kind} '{name}'; it has {has}"
            )
    return [
        (name, replace(known[name], symbols=tuple(each and f"{step.label}.{each}" for each in known[name].symbols)))
        for name in names
    ]


def _made(ensemble: Ensemble, metadata: Mapping[str, ModelMetadata]) -> dict[str, TensorSpec]:
    """The tensors that steps give. Refuses one that comes from two places."""
    made: dict[str, TensorSpec] = {}
    for step in ensemble.steps:
        for name, spec in _mapped(step, step.outputs, metadata[step.label].outputs, "output"):
            tensor = step.outputs[name]
            if tensor in made or tensor in ensemble.inputs:
                raise RepositoryError(f"ensemble tensor '{tensor}' has two sources; expected one")
            made[tensor] = replace(spec, name=tensor)
    return made


def _connect(where: str, spec: TensorSpec, source: TensorSpec) -> None:
    if merged(spec, source) is None:
        raise RepositoryError(f"{where} '{spec.name}': expected {shown(spec)}, got {shown(source)}")


def _joined(tensor: str, spec: TensorSpec, known: TensorSpec | None) -> TensorSpec:
    """What an input of the ensemble must be for all steps that take it."""
    if known is None:
        return replace(spec, name=tensor)
    if (both := merged(known, spec)) is None:
        raise RepositoryError(f"ensemble input '{tensor}' is taken as {shown(known)} and as {shown(spec)}")
    return both


def _refuse_loose_ends(ensemble: Ensemble, made: Mapping[str, TensorSpec], given: Mapping[str, TensorSpec]) -> None:
    for name in ensemble.inputs:
        if name not in given:
            raise RepositoryError(f"ensemble input '{name}' is taken by no step")
    for name in ensemble.outputs:
        if name not in made:
            raise RepositoryError(f"ensemble output '{name}' is given by no step")
    read = {tensor for step in ensemble.steps for tensor in step.inputs.values()}.union(ensemble.outputs)
    if unused := sorted(set(made) - read):
        raise RepositoryError(f"ensemble tensor '{unused[0]}' is read by no step and is no output; leave it out")


def _refuse_cycles(ensemble: Ensemble) -> None:
    known = set(ensemble.inputs)
    waiting = list(ensemble.steps)
    while ready := [step for step in waiting if known.issuperset(step.inputs.values())]:
        known.update(tensor for step in ready for tensor in step.outputs.values())
        waiting = [step for step in waiting if step not in ready]
    if waiting:
        names = ", ".join(f"'{step.label}'" for step in waiting)
        raise RepositoryError(f"ensemble steps {names} wait for each other in a circle")
