"""Pulumi's wire form of a value, decoded once into plain values.

Refuses nothing: what it does not know, such as an asset, stays the plain map it is.
"""

from __future__ import annotations

from typing import Final

from google.protobuf.struct_pb2 import ListValue, Struct, Value

from policies.values import UNKNOWN, Secret

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, no secret
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
UNKNOWNS: Final = (
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
)
"""How an unknown text, truth, number, list, asset, archive and map are written."""
_MARK_LENGTH: Final = len(UNKNOWNS[0])


def decoded(properties: Struct) -> dict[str, object]:
    """Return the properties as plain values, unknowns as `UNKNOWN`, secret text as `Secret`."""
    return {name: _value(value) for name, value in properties.fields.items()}


def _value(value: Value) -> object:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        # A program may have pasted an unknown into a longer text: the whole text is then unknown.
        text = value.string_value
        return UNKNOWN if len(text) >= _MARK_LENGTH and any(mark in text for mark in UNKNOWNS) else text
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return _list(value.list_value)
    return _struct(value.struct_value) if kind == "struct_value" else None


def _list(values: ListValue) -> list[object]:
    return [_value(value) for value in values.values]


def _struct(struct: Struct) -> object:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else None
    if signature not in (SECRET, OUTPUT):
        return decoded(struct)
    inner = _value(fields["value"]) if "value" in fields else UNKNOWN
    is_secret = signature == SECRET or fields["secret"].bool_value
    return _marked(inner, alone=True) if is_secret else inner


def _marked(value: object, *, alone: bool) -> object:
    if isinstance(value, dict):
        return {name: _marked(member, alone=False) for name, member in value.items()}
    if isinstance(value, list):
        return [_marked(member, alone=False) for member in value]
    if isinstance(value, str):
        return Secret(value, alone=alone or (isinstance(value, Secret) and value.alone))
    return value
