"""Requests that each instance answers before the model is ready."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from triton_model_configuration.part import Count, DataType, FileName, Part, Positive, Size, TensorName, filled


class WarmUpInput(Part):
    """An input of such a request, without the batch: zeros, random values or a file of the folder `warmup`."""

    data_type: DataType
    dims: tuple[Size, ...] = ()
    zero_data: Literal[True] | None = None
    random_data: Literal[True] | None = None
    input_data_file: FileName | None = None

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if [self.zero_data, self.random_data, self.input_data_file].count(None) != 2:  # noqa: PLR2004 - all but one
            raise ValueError("give zero_data: true, random_data: true or an input_data_file, one of them")
        return self


class WarmUp(Part):
    """A request, and how often it is sent."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    batch_size: Positive = 1
    inputs: Annotated[dict[TensorName, WarmUpInput], AfterValidator(filled)]
    count: Count = 0

    def check(self, max_batch_size: int, inputs: frozenset[str] | None, optional: frozenset[str]) -> None:
        """Refuse a request that the model would not take; inputs that are not told are Triton's to check."""
        if self.batch_size > max(max_batch_size, 1):
            raise ValueError(
                f"model_warmup '{self.name}': batch_size {self.batch_size} is above max_batch_size {max_batch_size}; "
                "lower it or raise that"
            )
        if inputs is None:
            return
        for name in sorted(self.inputs.keys() - inputs):
            raise ValueError(f"model_warmup '{self.name}': the model has no input '{name}'; take it out")
        for name in sorted(inputs - optional - self.inputs.keys()):
            raise ValueError(f"model_warmup '{self.name}': input '{name}' is missing; add it")
