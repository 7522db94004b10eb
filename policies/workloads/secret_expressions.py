"""The tests of `policies.workloads.secret_text` in CEL, whose patterns look neither ahead nor back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from policies.expressions import text, texts
from policies.workloads.secret_text import HARMLESS_ENDINGS, LOOKS, SECRET_WORDS, SWITCHES

_COMMENT: Final = re.compile(r"\s+#.*$", re.MULTILINE)


def _word(words: Iterable[str], end: str = "") -> str:
    """Return a pattern of a name with one of these: all in capitals, or in small letters after one capital at most.

    ``end`` is what may still follow; without one the word may stand anywhere.
    """
    small = sorted(words)
    capitals, initials = "|".join(map(str.upper, small)), "|".join(map(str.capitalize, small))
    after_capitals, after_small = ("$|[^A-Za-z]|[A-Z][a-z]", "$|[^a-z]") if not end else (end, end)
    return (
        rf"(?:^|[^A-Z])(?:{capitals})(?:{after_capitals})|(?:{initials})(?:{after_small})|"
        rf"(?:^|[^A-Za-z])(?:{'|'.join(small)})(?:{after_small})"
    )


NAMED: Final = _word(SECRET_WORDS)
"""A name one of whose words announces a secret."""
HARMLESS: Final = _word(HARMLESS_ENDINGS, "[^A-Za-z]*$")
"""A name whose last word says that it is no secret itself."""
_SPACED: Final = LOOKS.pattern.replace(r"\ ", r"\x20").replace("[A-Z ]", r"[A-Z\x20]")
LOOKS_LIKE_ONE: Final = re.sub(r"\s+", "", _COMMENT.sub("", _SPACED))
"""A value of the form of a known kind of key, in a pattern without white space."""


def holds_a_secret(name: str, value: str) -> str:
    """Say that a variable holds a literal secret, by its name or by its looks."""
    announced = f"{name}.matches({text(NAMED)}) && !{name}.matches({text(HARMLESS)})"
    is_switch = f"{value}.trim().lowerAscii() in {texts(sorted(SWITCHES))}"
    return f"{value}.matches({text(LOOKS_LIKE_ONE)}) || {announced} && !({is_switch})"
