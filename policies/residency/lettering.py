"""How much room a text takes in a picture, without a browser: never less than it is drawn with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_NARROW: Final = frozenset(" !'(),-./:;I[\\]fijlrt|")
_WIDE: Final = frozenset("%@MWm…")
_ASCII_LAST: Final = "\x7e"
_ARABIC: Final = re.compile(r"[\u0600-\u06ff]")
_SHARES: Final = {"narrow": 0.44, "plain": 0.645, "capital": 0.84, "arabic": 0.8, "wide": 1.01, "strange": 1.4}
"""Width by kind of character, in font sizes: at least that of DejaVu Sans, the widest font a reader may get."""
BOLD: Final = 1.13
"""How much wider the bold face is, at most."""
_BREAKS: Final = re.compile(r"(?<=[/.,:;=_$-])")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return at most how wide a text is drawn."""
    return sum(_SHARES[_kind(character)] for character in text) * size * (BOLD if bold else 1.0)


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """Return a text in lines no wider than the room, broken at spaces, and where a word is too long."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, size, room, bold=bold):
        if line and width((line + piece).rstrip(), size, bold=bold) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return (*lines, line.rstrip())


def shortened(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """Return as much of a text as fits in one line, an ellipsis for the rest."""
    if width(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and width(kept + "…", size, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _kind(character: str) -> str:
    if character in _NARROW:
        return "narrow"
    if _ARABIC.match(character):
        return "arabic"
    if character in _WIDE:
        return "wide"
    if character > _ASCII_LAST:
        return "strange"
    return "capital" if character.isupper() or character in "#&+<=>^~w" else "plain"


def _pieces(text: str, size: float, room: float, *, bold: bool) -> Iterator[str]:
    """The parts of a text that stay whole: words; of a word that is too wide, what fits."""
    for word in text.split():
        parts = [f"{word} "] if width(word, size, bold=bold) <= room else _BREAKS.split(f"{word} ")
        for part in parts:
            rest = part
            while width(rest.rstrip(), size, bold=bold) > room and len(rest) > 1:
                fits = [end for end in range(1, len(rest)) if width(rest[:end], size, bold=bold) <= room]
                cut = max(fits, default=1)
                yield rest[:cut]
                rest = rest[cut:]
            yield rest
