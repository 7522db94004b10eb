"""Ensembles: models that hand tensors on to each other inside the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

from triton_model_configuration.part import Count, Name, Part, TensorName, filled, repeated

Version = Annotated[int, Field(ge=-1, lt=2**63)]


class Step(Part):
    """A model of the ensemble; each map names the model's tensor first and the ensemble's second."""

    model_name: Name
    model_version: Version = -1
    input_map: Annotated[dict[TensorName, TensorName], AfterValidator(filled)]
    output_map: Annotated[dict[TensorName, TensorName], AfterValidator(filled)]


class EnsembleScheduling(Part):
    """The steps, in whatever order; tensors say which follows on which."""

    step: Annotated[tuple[Step, ...], AfterValidator(filled)]
    max_inflight_requests: Count = 0

    def check(self, inputs: Iterable[str], outputs: Iterable[str]) -> None:
        """Refuse tensors that nothing writes, that two steps write, or that nothing reads."""
        given, wanted = list(inputs), list(outputs)
        written = [name for step in self.step for name in step.output_map.values()]
        for name in repeated([*given, *written]):
            raise ValueError(f"ensemble: tensor '{name}' is written twice; give each output a name of its own")
        read = {name for step in self.step for name in step.input_map.values()}
        for step in self.step:
            for model_input, name in step.input_map.items():
                if name not in {*given, *written}:
                    raise ValueError(
                        f"ensemble: step '{step.model_name}' reads tensor '{name}' as '{model_input}', which no input "
                        "and no other step gives; name one that is given"
                    )
        for name in wanted:
            if name not in {*given, *written}:
                raise ValueError(f"ensemble: no step gives output '{name}'; map a step's output to it")
        for name in sorted({*given, *written} - read - {*wanted}):
            raise ValueError(f"ensemble: nothing reads tensor '{name}'; leave it out or give it as an output")
        self._check_order(given)

    def _check_order(self, given: Iterable[str]) -> None:
        known, left = {*given}, list(self.step)
        while ready := [step for step in left if known.issuperset(step.input_map.values())]:
            known.update(name for step in ready for name in step.output_map.values())
            left = [step for step in left if step not in ready]
        if left:
            names = ", ".join(f"'{step.model_name}'" for step in left)
            raise ValueError(f"ensemble: steps {names} wait for each other's outputs; break the circle")
