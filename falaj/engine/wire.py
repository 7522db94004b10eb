"""Property maps to and from the protobuf structs that the program, providers and policy packs exchange."""

from __future__ import annotations

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct
from google.protobuf.struct_pb2 import Value as WireValue

from falaj.engine.values import UNKNOWN, OutputValue, PropertyMap, ResourceReference, Secret, Value, contains_secret
from falaj.errors import DeploymentError

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Key that marks a map as a special value."""

SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker, no password
"""Signature of a secret."""

OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
"""Signature of a value with its dependencies."""

RESOURCE_REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
"""Signature of a resource."""

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How an unknown value travels."""

_UNKNOWN_TEXTS = frozenset(
    {
        UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
_UNSUPPORTED = {
    "c44067f5952c0a294b673a41bacd8c17": "an asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "an archive",
}
_EXACT_INTEGERS = 2**53


def unsupported_value(kind: str, where: str) -> DeploymentError:
    """The error for a kind of value that the embedded engine does not carry."""
    return DeploymentError(
        f"The value is {kind}, which the embedded engine does not carry yet.",
        code="FAL-ENG-301",
        where=where,
        hint="Pass the content as a string, or run this stack with the Pulumi CLI (`pulumi up`).",
    )


def number(value: float) -> int | float:
    """The number as an int when it is one exactly."""
    return int(value) if abs(value) < _EXACT_INTEGERS and value.is_integer() else value


def decode(struct: Struct, where: str = "a property map") -> PropertyMap:
    """The properties in a struct. Refuses assets and archives with ``FAL-ENG-301``."""
    return PropertyMap(
        {name: decode_value(value, f"{where}, property {name}") for name, value in struct.fields.items()}, struct
    )


def decode_value(value: WireValue, where: str = "a value") -> Value:
    """One value of a struct."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWN_TEXTS else value.string_value
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return _decode_special(value.struct_value, where)
        return {name: decode_value(item, where) for name, item in fields.items()}
    if kind == "list_value":
        return [decode_value(item, where) for item in value.list_value.values]
    if kind == "number_value":
        return number(value.number_value)
    return value.bool_value if kind == "bool_value" else None


def _decode_special(struct: Struct, where: str) -> Value:
    fields = struct.fields
    signature = fields[SIGNATURE].string_value
    if signature == SECRET:
        return Secret(decode_value(fields["value"], where))
    if signature == OUTPUT_VALUE:
        return OutputValue(
            decode_value(fields["value"], where) if "value" in fields else UNKNOWN,
            secret=fields["secret"].bool_value if "secret" in fields else False,
            dependencies=tuple(item.string_value for item in fields["dependencies"].list_value.values)
            if "dependencies" in fields
            else (),
        )
    if signature == RESOURCE_REFERENCE:
        identifier = decode_value(fields["id"], where) if "id" in fields else None
        return ResourceReference(
            fields["urn"].string_value,
            UNKNOWN if identifier == "" else identifier,
            fields["packageVersion"].string_value if "packageVersion" in fields else "",
        )
    raise unsupported_value(_UNSUPPORTED.get(signature, f"of the unknown kind {signature}"), where)


def encode(properties: PropertyMap, *, secrets: bool = True) -> Struct:
    """The struct for a property map; ``secrets=False`` is for a receiver that takes plain values only."""
    if not secrets and contains_secret(properties):
        struct = Struct()
        for name, value in properties.items():
            _fill(struct.fields[name], value, secrets=False)
        return struct
    if properties.wire is None:
        struct = Struct()
        for name, value in properties.items():
            _fill(struct.fields[name], value, secrets=True)
        properties.wire = struct
    wire = properties.wire
    assert isinstance(wire, Struct)  # noqa: S101 - only this module sets it
    return wire


def _fill(target: WireValue, value: Value, *, secrets: bool) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif value is None:
        target.null_value = NULL_VALUE
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_TEXT
    elif isinstance(value, dict):
        fields = _empty_struct(target).fields
        for name, item in value.items():
            _fill(fields[name], item, secrets=secrets)
    elif isinstance(value, list):
        values = _empty_list(target).values
        for item in value:
            _fill(values.add(), item, secrets=secrets)
    else:
        _fill_special(target, value, secrets=secrets)


def _fill_special(target: WireValue, value: Value, *, secrets: bool) -> None:
    if isinstance(value, Secret):
        special: dict[str, Value] = {SIGNATURE: SECRET, "value": value.value}
        _fill(target, special if secrets else value.value, secrets=secrets)
    elif isinstance(value, ResourceReference):
        reference: dict[str, Value] = {SIGNATURE: RESOURCE_REFERENCE, "urn": value.urn}
        if value.id is not None:
            reference["id"] = value.id
        _fill(target, {**reference, "packageVersion": value.package_version}, secrets=secrets)
    elif isinstance(value, OutputValue):
        output: dict[str, Value] = {SIGNATURE: OUTPUT_VALUE, "secret": value.secret}
        if value.value is not UNKNOWN:
            output["value"] = value.value
        _fill(target, {**output, "dependencies": list(value.dependencies)}, secrets=secrets)


def _empty_struct(target: WireValue) -> Struct:
    target.struct_value.SetInParent()
    return target.struct_value


def _empty_list(target: WireValue) -> ListValue:
    target.list_value.SetInParent()
    return target.list_value
