"""What a container's program is told: the options in its command and arguments, a shell's script among them.

Every option is told with the element that holds its value, and what is not known yet is told as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from policies.node import Node

WORD_LISTS: Final = ("command", "args")
"""Where a container says what it runs."""
_AROUND: Final = "\"'`;&|\\()"
_DASHES: Final = "--"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command line."""

    text: str
    """The word without quotes; empty where it is not known yet."""
    node: Node
    """The element it stands in, which may hold a whole script."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option, given as ``--name=value`` or ``--name value``."""

    name: str
    value: str
    """Its value; empty for one that has none, or whose value is not known yet."""
    node: Node
    """The element that holds the value."""


def words(container: Node) -> Iterator[Word]:
    """Yield every word, in order; for an element that is not known yet, one empty word."""
    for name in WORD_LISTS:
        for element in container[name].items():
            # A slice is plain text even of a secret; only the element itself is ever shown.
            text = element.value[:] if isinstance(element.value, str) else ""
            for word in text.split() or [""]:
                yield Word(word.strip(_AROUND), element)


def options(container: Node) -> Iterator[Option]:
    """Yield every long option, in order."""
    for word, following in pairwise([*words(container), Word(_DASHES, container)]):
        if not word.text.startswith(_DASHES):
            continue
        name, equals, value = word.text.removeprefix(_DASHES).partition("=")
        if equals or following.text.startswith("-"):
            yield Option(name, value.strip(_AROUND), word.node)
        else:
            yield Option(name, following.text, following.node)


def not_known(container: Node) -> Iterator[Node]:
    """Yield every element that is not known yet and may hold any option."""
    for name in WORD_LISTS:
        yield from (element for element in container[name].items() if not element.known)
