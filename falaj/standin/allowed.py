"""Values that a service takes where its SDK says no more than text or number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from falaj.standin.wire import is_unknown, revealed


def found_at(path: Sequence[str], value: object, at: str = "") -> Iterator[tuple[str, Any]]:
    """Every known value at a path through objects and the items of lists: where it stands, and what it is."""
    given = revealed(value)
    if given is None or is_unknown(given):
        return
    if isinstance(given, list):
        for index, item in enumerate(given):
            yield from found_at(path, item, f"{at}[{index}]")
    elif not path:
        yield at, given
    elif isinstance(given, dict) and path[0] in given:
        yield from found_at(path[1:], given[path[0]], f"{at}.{path[0]}" if at else path[0])


def not_allowed(
    allows: Mapping[str, Sequence[Any]], inputs: Mapping[str, Any]
) -> Iterator[tuple[str, Any, Sequence[Any]]]:
    """Every value that is none of those noted: where it stands, what it is, what is allowed there."""
    for path, allowed in allows.items():
        for at, given in found_at(path.split("."), dict(inputs)):
            if given not in allowed:
                yield at, given, allowed
