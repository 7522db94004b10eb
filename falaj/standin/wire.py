"""How Pulumi marks what is no plain JSON: unknown values, secrets, output values, references, files."""

from __future__ import annotations

import contextlib
import json
from typing import Any, Final

from falaj.engine.kubernetes.values import SECRET, SIGNATURE, UNKNOWN, has_unknown, is_unknown

__all__ = ["UNKNOWN", "has_unknown", "is_file", "is_unknown", "revealed", "setting", "unmarked"]

_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_FILES: Final = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")


def is_file(value: object) -> bool:
    """Whether a value is an asset or archive."""
    return isinstance(value, dict) and value.get(SIGNATURE) in _FILES


def revealed(value: object) -> Any:  # noqa: ANN401 - a JSON value
    """The value inside a secret, an output value or a reference to a resource; any other value as it is."""
    if not isinstance(value, dict) or SIGNATURE not in value:
        return value
    mark = value[SIGNATURE]
    if mark == SECRET:
        return revealed(value.get("value"))
    if mark == _OUTPUT:
        return revealed(value["value"]) if "value" in value else UNKNOWN
    return value.get("id", UNKNOWN) if mark == _REFERENCE else value


def setting(value: object) -> Any:  # noqa: ANN401 - a JSON value
    """A provider's setting: the SDK sends what is no text as JSON text."""
    given = unmarked(value)
    if not isinstance(given, str) or is_unknown(given):
        return given
    with contextlib.suppress(ValueError):
        meant = json.loads(given)
        if isinstance(meant, bool | list | dict):
            return meant
    return given


def unmarked(value: object) -> Any:  # noqa: ANN401 - a JSON value
    """The same value with nothing hidden in it."""
    given = revealed(value)
    if isinstance(given, dict) and not is_file(given):
        return {key: unmarked(each) for key, each in given.items()}
    return [unmarked(each) for each in given] if isinstance(given, list) else given
