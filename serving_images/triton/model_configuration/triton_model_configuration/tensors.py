"""Inputs and outputs."""

from __future__ import annotations

import math
from enum import StrEnum
from itertools import groupby
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from triton_model_configuration.part import DataType, FileName, Part, TensorName, dimension, filled

Dimension = Annotated[int, Field(ge=-(2**63), lt=2**63), AfterValidator(dimension)]
Dimensions = tuple[Dimension, ...]
IMAGE_DIMENSIONS = 3


class Format(StrEnum):
    """How an image's dimensions are ordered, where the tensor is one."""

    NONE = "FORMAT_NONE"
    NHWC = "FORMAT_NHWC"
    NCHW = "FORMAT_NCHW"


class Reshape(Part):
    """The shape under which the backend gets or gives a tensor, without the batch."""

    shape: Dimensions = ()


class Tensor(Part):
    """An input or output. Its dimensions leave the batch out where `max_batch_size` is above zero."""

    name: TensorName
    data_type: DataType
    dims: Annotated[Dimensions, AfterValidator(filled)]
    reshape: Reshape | None = None
    is_shape_tensor: bool = False
    is_non_linear_format_io: bool = False

    @model_validator(mode="after")
    def _holds_as_much_when_reshaped(self) -> Self:
        if self.reshape is not None and _sizes(self.dims) != _sizes(self.reshape.shape):
            raise ValueError(
                f"tensor '{self.name}': reshape {list(self.reshape.shape)} holds other elements than dims "
                f"{list(self.dims)}; the products between open dimensions must be the same"
            )
        if self.is_non_linear_format_io and len(self.dims) != IMAGE_DIMENSIONS:
            raise ValueError(f"tensor '{self.name}': is_non_linear_format_io needs three dims; give three or leave it")
        return self


class Input(Tensor):
    """What a model takes."""

    format: Format = Format.NONE
    allow_ragged_batch: bool = False
    optional: bool = False

    @model_validator(mode="after")
    def _is_an_image_where_it_says_so(self) -> Self:
        if self.format is not Format.NONE and len(self.dims) != IMAGE_DIMENSIONS:
            raise ValueError(f"input '{self.name}': {self.format} needs three dims; give three or leave format out")
        return self


class Output(Tensor):
    """What a model gives."""

    label_filename: FileName | None = None


def _sizes(shape: Dimensions) -> list[int]:
    """The products of the known dimensions before, between and behind the open ones."""
    products = [1]
    for is_open, group in groupby(shape, lambda size: size == -1):
        if is_open:
            products += [1 for _ in group]
        else:
            products[-1] *= math.prod(group)
    return products
