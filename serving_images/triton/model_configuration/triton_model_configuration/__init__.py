"""A model's configuration for Triton: typed, refused where Triton would refuse it, written as it reads it.

Fields and values have Triton's own names, so that its documentation is this one's too.

Source: https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_configuration.html
"""

from __future__ import annotations

from triton_model_configuration.image import LOCAL_CPU, OFFICIAL, Image, check_image
from triton_model_configuration.model import Model
from triton_model_configuration.repository import check_steps
from triton_model_configuration.text import read, write

__all__ = ["LOCAL_CPU", "OFFICIAL", "Image", "Model", "check_image", "check_steps", "read", "write"]
