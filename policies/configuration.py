"""An operator's policy configuration: what it may say of a control, and what it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2
from pydantic import ValidationError

from falaj.catalog.controls import Level
from policies.control import Control
from policies.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Configuration:
    """What an operator says of the controls. Says nothing of those that are left as they are."""

    levels: Mapping[str, Level] = field(default_factory=dict)
    """What breaking a control does, by its id; profiles of the stack may only tighten it."""
    given: Mapping[type[Parameters], Parameters] = field(default_factory=dict)
    """What is set, by the kind of parameters."""


class ConfigurationError(Exception):
    """The configuration gives a control what it does not take."""

    def __init__(self, control: str, parameter: str, wrong: str, allowed: str) -> None:
        super().__init__(f"{' '.join(filter(None, (control, parameter)))}: {wrong}; expected {allowed}")
        self.parameter, self.wrong, self.allowed = parameter, wrong, allowed


def schema_of(control: Control[Any]) -> analyzer_pb2.PolicyConfigSchema | None:
    """Return the JSON schema of what a control takes; nothing for one that takes nothing."""
    if control.parameters is None:
        return None
    schema = control.parameters.model_json_schema()
    properties = Struct()
    # The engine compiles each property for itself: a reference to a definition beside them leads nowhere.
    properties.update(_whole(schema["properties"], schema.get("$defs", {})))
    return analyzer_pb2.PolicyConfigSchema(properties=properties)


def _whole(schema: Any, definitions: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The schema with the definitions in the places of what refers to them."""
    if isinstance(schema, list):
        return [_whole(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _whole(member, definitions) for name, member in schema.items()}


def given_to(control: Control[Any], given: Mapping[str, object]) -> Parameters | None:
    """Return what the configuration gives a control. Raises ``ConfigurationError`` for what it does not take."""
    if control.parameters is None:
        if given:
            raise ConfigurationError(control.id, min(given), "is no parameter of it", "a level alone")
        return None
    try:
        return control.parameters.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name, *inside = map(str, first["loc"])
        fields = control.parameters.model_fields
        if name not in fields:
            raise ConfigurationError(control.id, name, "is no parameter of it", ", ".join(fields)) from None
        where = ".".join((name, *inside))
        raise ConfigurationError(control.id, where, first["msg"], str(fields[name].description)) from None
