"""Property values as they travel: plain JSON, with unknowns and secrets in Pulumi's own notation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2

Json: TypeAlias = Any
"""Any JSON value: an object, a list, a text, a number, a truth value or null."""

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks an object as a special value."""

SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's published signature of a secret value
"""The signature of a secret value."""

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The string that stands for a value known only after the update."""

UNKNOWNS: Final = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""Every spelling of unknown: one for each kind of value."""


def decode(message: struct_pb2.Struct) -> dict[str, Any]:
    """Give the plain form of a Struct; whole numbers become integers."""
    return {name: decode_value(value) for name, value in message.fields.items()}


def decode_value(value: struct_pb2.Value) -> Json:
    """Give the plain form of a single Value."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return decode(value.struct_value)
    if kind == "list_value":
        return [decode_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def encode(tree: Mapping[str, Any]) -> struct_pb2.Struct:
    """Give the Struct of a plain form."""
    message = struct_pb2.Struct()
    message.update(tree)
    return message


def is_secret(value: Json) -> bool:
    """Tell whether the value is marked secret."""
    return isinstance(value, dict) and value.get(SIGNATURE) == SECRET


def secret(value: Json) -> Json:
    """Mark a value as secret, once."""
    return value if is_secret(value) else {SIGNATURE: SECRET, "value": reveal(value)}


def reveal(value: Json) -> Json:
    """Give the value without any secret marks, at every depth. The result must not be shown or logged."""
    if is_secret(value):
        return reveal(value.get("value"))
    if isinstance(value, dict):
        return {name: reveal(item) for name, item in value.items()}
    if isinstance(value, list):
        return [reveal(item) for item in value]
    return value


def has_secret(value: Json) -> bool:
    """Tell whether a secret lies at any depth."""
    if isinstance(value, dict):
        return is_secret(value) or any(has_secret(item) for item in value.values())
    return isinstance(value, list) and any(has_secret(item) for item in value)


def is_unknown(value: Json) -> bool:
    """Tell whether the value itself is unknown."""
    return isinstance(value, str) and value in UNKNOWNS


def has_unknown(value: Json) -> bool:
    """Tell whether an unknown lies at any depth."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return is_unknown(value)


def without_nulls(value: Json) -> Json:
    """Give the value without the object fields that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def dig(tree: Json, *path: str | int, default: Json = None) -> Json:
    """Give the value at a path of field names and list positions, or the default where the path ends early."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(tree, list) or not -len(tree) <= step < len(tree):
                return default
            tree = tree[step]
        elif isinstance(tree, dict) and tree.get(step) is not None:
            tree = tree[step]
        else:
            return default
    return tree


def mark_secrets(outputs: dict[str, Any], inputs: Mapping[str, Any]) -> None:
    """Carry the secrecy of inputs over to the outputs of the same name, in place.

    Objects are followed field by field. A list that holds a secret anywhere becomes secret as a whole: the server may
    have reordered it.
    """
    for name, given in inputs.items():
        if name not in outputs or is_secret(outputs[name]):
            continue
        made = outputs[name]
        if isinstance(made, dict) and isinstance(given, dict) and not is_secret(given):
            mark_secrets(made, given)
        elif has_secret(given):
            outputs[name] = secret(made)
