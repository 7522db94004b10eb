"""Text from a plan, made safe to look at: what has no shape, or turns its surroundings around, is spelt out."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

SHAPELESS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what is not drawn: controls, overrides of direction, halves of characters, separators."""
_CANDIDATES: Final = re.compile(r"[^\x20-\x7e]")
_CANDIDATES_IN_JSON: Final = re.compile(r"[^\x0a\x20-\x7e]")


def visible(text: str) -> str:
    """Return the text with every shapeless character spelt as JSON spells it."""
    return _CANDIDATES.sub(_spelt, text)


def json_text(value: Any) -> str:  # noqa: ANN401 - anything JSON can hold
    """Return a value as JSON whose strings hold no shapeless character as such; what it means is unchanged."""
    return _CANDIDATES_IN_JSON.sub(_spelt, json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def _spelt(found: re.Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in SHAPELESS:
        return character
    # JSON's own spelling: two halves for what lies beyond the first 65,536 characters.
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"
