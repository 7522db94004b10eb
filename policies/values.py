"""The special values a plan may hold, and how any value is shown to a reader without leaking a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

REDACTED: Final = "[secret]"
LONGEST_SHOWN: Final = 160


class Unknown(Enum):
    """The type of a value that is not known before its resource is made."""

    UNKNOWN = "unknown"

    def __str__(self) -> str:
        return self.value


UNKNOWN: Final = Unknown.UNKNOWN
"""A value that is not known before its resource is made."""


class Secret(str):
    """Text that the program marked as secret: a check can read it, nobody can print it.

    ``alone`` is true when this very text was marked, false when something around it was.
    """

    __slots__ = ("alone",)
    alone: bool

    def __new__(cls, text: str, *, alone: bool = True) -> Secret:
        """Wrap the text."""
        # A slice is plain text even of a secret, whose own text form is redacted.
        made = super().__new__(cls, text[:])
        made.alone = alone
        return made

    def __str__(self) -> str:
        return REDACTED

    def __repr__(self) -> str:
        return REDACTED

    def __format__(self, format_spec: str) -> str:
        return REDACTED


def holds_unknown(value: object) -> bool:
    """Tell whether the value, or anything inside it, is unknown."""
    if isinstance(value, Mapping):
        return any(holds_unknown(member) for member in value.values())
    if isinstance(value, list):
        return any(holds_unknown(member) for member in value)
    return value is UNKNOWN


def shown(value: object) -> str:
    """Write a value in one short line: secrets redacted, absence as ``nothing``."""
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) and value.isprintable() and value else json.dumps(_printable(value))
    line = str(text)
    return line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 1] + "…"


def _printable(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, Mapping):
        return {str(name): _printable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_printable(member) for member in value]
    return str(value) if isinstance(value, (Secret, Unknown)) else value
