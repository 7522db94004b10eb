"""An operator's policy configuration: what it may say of a control, and what it said."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2
from pydantic import ValidationError

from policies.analyzer.wire import decoded
from policies.control import Control
from policies.parameters import Parameters


class ConfigurationError(Exception):
    """The configuration gives a control what it does not take."""


def schema_of(control: Control[Any]) -> analyzer_pb2.PolicyConfigSchema | None:
    """Return the JSON schema of what a control takes; nothing for one that takes nothing."""
    if control.parameters is None:
        return None
    properties = Struct()
    properties.update(control.parameters.model_json_schema()["properties"])
    return analyzer_pb2.PolicyConfigSchema(properties=properties)


def given_to(control: Control[Any], properties: Struct) -> Parameters | None:
    """Return what the configuration gives a control. Raises ``ConfigurationError`` for what it does not take."""
    given = decoded(properties)
    if control.parameters is None:
        if given:
            raise ConfigurationError(f"{control.id} takes no parameters; found {', '.join(sorted(given))}")
        return None
    try:
        return control.parameters.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        known = ", ".join(control.parameters.model_fields)
        raise ConfigurationError(f"{control.id} {where}: {first['msg']}; it takes {known}") from None
