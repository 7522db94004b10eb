"""What a repository holds at a moment: the models that serve, and what became of those that do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from onnxruntime_server.engine.work import Servable
from onnxruntime_server.repository.folder import Fingerprint

Key: TypeAlias = tuple[str, str]
"""A model's name and version; no version where the whole folder is meant."""

MOST_NAMED: Final = 20
"""Models that a message names."""


@dataclass(frozen=True, slots=True)
class Held:
    """A version that serves, and what it was made of."""

    servable: Servable
    made_of: Fingerprint


@dataclass(frozen=True, slots=True)
class Condition:
    """What became of a version, in the words of Triton's repository index."""

    state: Literal["LOADING", "READY", "UNAVAILABLE"]
    reason: str = ""
    tried: Fingerprint | None = None
    """What was refused; not tried again while nothing changes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The versions of one model that serve."""

    versions: Mapping[str, Servable]
    """By version, oldest first."""

    newest: Servable
    """What answers where no version is asked for."""


Table: TypeAlias = Mapping[str, Entry]
"""Never changed, only replaced as a whole: whoever looks into one needs no lock."""


def table_of(held: Mapping[Key, Held]) -> Table:
    """The models that serve, each one's versions in order."""
    versions: dict[str, dict[str, Servable]] = {}
    for (name, version), each in sorted(held.items(), key=lambda item: (item[0][0], int(item[0][1]))):
        versions.setdefault(name, {})[version] = each.servable
    return {name: Entry(known, next(reversed(known.values()))) for name, known in versions.items()}


def named(names: Iterable[str]) -> str:
    """Names for a message, not more than can be read."""
    known = sorted(names)
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return (", ".join(f"'{name}'" for name in known[:MOST_NAMED]) or "none") + more
