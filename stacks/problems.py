"""What is wrong with a stack file, in the words of the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from pydantic import BaseModel

from falaj.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo

PREFIX = "falaj:"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: the key as written in the file, what was found there and what is allowed."""

    key: str
    """Path below `falaj:`, such as `tenant.endpoints.iris.model`."""
    message: str
    """What was found, and what is allowed."""
    hint: str = "edit the file; docs/reference/stack-files.md lists every key"
    """The next step."""


def refuse(file: str, problems: Sequence[Problem]) -> NoReturn:
    """Raise one `ConfigurationError` that names every mistake."""
    hint = problems[0].hint
    if len(problems) == 1:
        where = f"{file}, key {PREFIX}{problems[0].key}"
        raise ConfigurationError(problems[0].message, code="FAL-CFG-101", where=where, hint=hint)
    lines = "\n".join(f"{PREFIX}{problem.key}: {problem.message}" for problem in problems)
    raise ConfigurationError(lines, code="FAL-CFG-102", where=f"{file}, {len(problems)} mistakes", hint=hint)


def problems_of(error: ValidationError, model: type[BaseModel], *, above: str | None = None) -> list[Problem]:
    """Return each of pydantic's findings in the words of the file; `above` is the key of the block that was read."""
    block = () if above is None else (above,)
    found = error.errors()
    places = {details["loc"] for details in found}
    return [
        Problem(_key((*block, *details["loc"])), _message(details["type"], details, model))
        for details in found
        if not any(place[: len(details["loc"])] == details["loc"] and place != details["loc"] for place in places)
    ]


def _key(location: Iterable[int | str]) -> str:
    parts = [part for part in location if part != "[key]"]
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")


def _message(kind: str, details: Mapping[str, Any], model: type[BaseModel]) -> str:
    location = details["loc"]
    if kind == "extra_forbidden":
        return _unknown_key(str(location[-1]), _allowed_keys(model, location[:-1]))
    field = _field(model, location)
    meaning = "" if field is None or field.description is None else field.description
    if field is not None and field.examples:
        meaning += f" For example: {field.examples[0]}."
    if kind == "missing":
        return f"is missing. {meaning}"
    return f"found {_shown(details['input'])}, {_allowed(kind, details.get('ctx', {}), meaning)}"


def _allowed(kind: str, context: Mapping[str, Any], meaning: str) -> str:
    """Return what would have been right; pydantic's kinds of error in plain words."""
    if kind == "value_error":
        return f"{context['error']}."
    plain = {
        "enum": "{expected}.",
        "literal_error": "{expected}.",
        "greater_than_equal": "{ge} or more.",
        "greater_than": "more than {gt}.",
        "less_than_equal": "{le} or less.",
        "model_type": "keys and values, indented below it.",
        "dict_type": "keys and values, indented below it.",
        "tuple_type": "a list.",
        "int_type": "a whole number.",
        "int_parsing": "a whole number.",
        "int_from_float": "a whole number.",
    }
    return "allowed: " + (plain[kind].format(**context).replace(" or '", ", '") if kind in plain else meaning)


def _unknown_key(key: str, allowed: Sequence[str]) -> str:
    close = difflib.get_close_matches(key, allowed, n=1)
    guess = f" Did you mean {close[0]}?" if close else ""
    return f"is not a key here, allowed: {', '.join(allowed)}.{guess}"


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what fits on the line


def _allowed_keys(model: type[BaseModel], location: Iterable[int | str]) -> list[str]:
    inner = _walk(model, location)
    return [] if inner is None else [field.alias or name for name, field in inner.model_fields.items()]


def _field(model: type[BaseModel], location: Sequence[int | str]) -> FieldInfo | None:
    """Return the field that a location names, or the nearest one above it."""
    for length in range(len(location), 0, -1):
        inner = _walk(model, location[: length - 1])
        fields = {} if inner is None else {field.alias or name: field for name, field in inner.model_fields.items()}
        if location[length - 1] in fields:
            return fields[str(location[length - 1])]
    return None


def _walk(model: type[BaseModel], location: Iterable[int | str]) -> type[BaseModel] | None:
    """Return the model at a location; names and numbers that are no fields step into mappings and lists."""
    inner: type[BaseModel] | None = model
    for part in location:
        fields = {} if inner is None else {field.alias or name: field for name, field in inner.model_fields.items()}
        if part in fields:
            inner = _model_in(fields[str(part)].annotation)
    return inner


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)
