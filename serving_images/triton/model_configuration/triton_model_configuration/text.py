"""Writes a configuration as `config.pbtxt`, and reads one."""

from __future__ import annotations

from google.protobuf import json_format, text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from triton_model_configuration.model import Model


def write(model: Model) -> str:
    """The text that Triton reads; reading it gives the same model."""
    fields = model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=False)
    text: str = text_format.MessageToString(json_format.ParseDict(fields, ModelConfig()), as_utf8=True)
    return text


def read(text: str) -> Model:
    """The model of a `config.pbtxt`. Raises `ValueError` for what is none, or has what this package has not."""
    try:
        message = text_format.Parse(text, ModelConfig())
    except text_format.ParseError as error:
        raise ValueError(f"no model configuration: {error}") from None
    return Model.model_validate(json_format.MessageToDict(message, preserving_proto_field_name=True))
