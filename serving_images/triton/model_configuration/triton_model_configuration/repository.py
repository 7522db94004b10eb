"""What only several configurations together can get wrong."""

from __future__ import annotations

from collections.abc import Mapping

from triton_model_configuration.ensembles import Step
from triton_model_configuration.model import Model


def check_steps(ensemble: Model, models: Mapping[str, Model]) -> None:
    """Raise `ValueError` where a step names a model that is not there, or tensors that the model has not.

    Tensors of a model whose configuration leaves them out are Triton's to check, once it has read them from the model.
    """
    if ensemble.ensemble_scheduling is None:
        return
    for step in ensemble.ensemble_scheduling.step:
        if (model := models.get(step.model_name)) is None:
            known = ", ".join(sorted(models)) or "none"
            raise ValueError(f"ensemble: there is no model '{step.model_name}'; there are: {known}")
        if 0 < model.max_batch_size < ensemble.max_batch_size:
            raise ValueError(
                f"ensemble: max_batch_size {ensemble.max_batch_size} is above that of step '{step.model_name}', "
                f"{model.max_batch_size}; lower it"
            )
        _check_tensors(step, model)


def _check_tensors(step: Step, model: Model) -> None:
    inputs, outputs = ({each.name for each in tensors} for tensors in (model.input, model.output))
    for kind, known, mapped in (("input", inputs, step.input_map), ("output", outputs, step.output_map)):
        for name in sorted(mapped.keys() - known if known else ()):
            raise ValueError(
                f"ensemble: model '{step.model_name}' has no {kind} '{name}'; it has: {', '.join(sorted(known))}"
            )
    for name in sorted(inputs - step.input_map.keys() - {each.name for each in model.input if each.optional}):
        raise ValueError(f"ensemble: input '{name}' of model '{step.model_name}' gets no tensor; map one to it")
