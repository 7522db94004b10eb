"""Elements of XML and HTML, escaped by construction: text can only become text, whatever a plan says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from policies.visible import visible

VOID: Final = frozenset({"br", "col", "line", "meta", "path", "rect"})
"""Elements that are written without an end; any other is closed even where it is empty, as HTML asks."""

Attributes = Mapping[str, str | int | float | None]
"""Attributes by name; one that is None is left out."""


class Markup(str):
    """Text that is markup already. Only `element` and `raw` make it."""

    __slots__ = ()


def raw(text: str) -> Markup:
    """Return a text of our own as markup; never one that comes from a plan."""
    return Markup(text)


def escaped(text: str) -> Markup:
    """Return a text as markup that shows it."""
    return Markup(escape(visible(text)))


def element(name: str, attributes: Attributes, *children: str) -> Markup:
    """Return an element with its attributes and children; a child that is no markup is escaped."""
    start = "".join(
        f' {key}="{escape(visible(_written(value)))}"' for key, value in attributes.items() if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{start}/>")
    return Markup(f"<{name}{start}>{joined(children)}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Return parts one after another, those escaped that are no markup."""
    return Markup(between.join(part if isinstance(part, Markup) else escaped(part) for part in parts))


def _written(value: str | float) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
