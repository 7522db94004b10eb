"""The options of a program in CEL, told from its words as `policies.workloads.program_options` tells them.

An expression speaks of ``line``: the words of one container, of which any two are parted by two spaces at least, so
that one space ends an option and the other begins the next.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from policies.expressions import text

_AROUND: Final = r"""["'`;&|\\()]"""
_NEITHER: Final = r"""[^=\s"'`;&|\\()]"""
_LAST: Final = r"""[^\s"'`;&|\\()]"""
LINE: Final = (
    "(c.?command.orValue([]) + c.?args.orValue([])).map(word, word.trim() == '' ? '\"\"' : word).join(' ')"
    ".replace('\\n', ' ').replace('\\r', ' ').replace('\\t', ' ').replace(' ', '  ')"
)
"""The words of the container ``c``."""


def option(*names: str) -> str:
    """Return a pattern of an option, with its value where it has one."""
    valued = rf"=\S*|{_AROUND}*\s+{_AROUND}*[^-\s\"'`;&|\\()]\S*"
    return rf"(?:^|\s){_AROUND}*--(?:{'|'.join(names)})(?:{valued}|{_AROUND}*(?:\s|$))"


def every(*names: str, value: str) -> str:
    """Say that an option has such a value wherever it is told."""
    return _every(names, rf"(?:{value}){_AROUND}*$", "")


def every_address(*names: str, beginnings: Collection[str]) -> str:
    """Say that an option has a value that begins so, and names no address behind the first, wherever it is told."""
    return _every(names, f"(?:{'|'.join(beginnings)})", " && told.split('://').size() <= 2")


def _every(names: Collection[str], value: str, besides: str) -> str:
    kept = rf"^\s?{_AROUND}*--(?:{'|'.join(names)})(?:=|{_AROUND}*\s+){_AROUND}*{value}"
    return f"line.findAll({text(option(*names))}).all(told, told.matches({text(kept)}){besides})"


def last(name: str, default: str) -> str:
    """Say the value of an option where it is told last, or what the program takes by itself."""
    found = f"line.findAll({text(option(name))})"
    value = f"told[told.size() - 1].split('--{name}')[1].find({text(f'{_NEITHER}(?:.*{_LAST})?')})"
    return f"[{found}].map(told, told.size() == 0 ? {text(default)} : {value})[0]"


def is_told(*names: str) -> str:
    """Say that one of these options is told."""
    return f"line.matches({text(option(*names))})"
