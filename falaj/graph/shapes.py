"""What a drawing is made of: rectangles and texts with a place. Pure geometry, in pixels from the top left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from falaj.graph.text import width, wrapped


class Style(StrEnum):
    """How a text looks."""

    HEADING = "heading"
    """The picture's title."""
    TITLE = "title"
    """Title of a frame or card."""
    BODY = "body"
    """A line in a card or table."""
    MUTED = "muted"
    """A remark."""
    BADGE = "badge"
    """The number of a flow."""


SIZES = {Style.HEADING: 20.0, Style.TITLE: 13.0, Style.BODY: 11.0, Style.MUTED: 11.0, Style.BADGE: 10.0}
"""Font size of each style."""

BOLD_STYLES = frozenset({Style.HEADING, Style.TITLE, Style.BADGE})
"""Styles in the bold face."""

LEADING = 1.35
"""Distance of two lines, in font sizes."""

HAIR = 1e-6
"""What two edges may lie over one another by rounding."""

ASCENT = 1.0
"""From the top of a line to where its letters stand, in font sizes."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    """Left edge."""
    y: float
    """Upper edge."""
    width: float
    """From left to right."""
    height: float
    """From top to bottom."""

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2

    def moved(self, x: float, y: float) -> Box:
        """Return it elsewhere."""
        return replace(self, x=self.x + x, y=self.y + y)

    def overlaps(self, other: Box) -> bool:
        """Tell whether the two share more than an edge."""
        across = min(self.right, other.right) - max(self.x, other.x)
        down = min(self.bottom, other.bottom) - max(self.y, other.y)
        return across > HAIR and down > HAIR

    def holds(self, other: Box) -> bool:
        """Tell whether the other lies in it."""
        return self.x <= other.x and other.right <= self.right and self.y <= other.y and other.bottom <= self.bottom


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text."""

    x: float
    """Where it starts; its middle for a badge."""
    y: float
    """Where its letters stand."""
    text: str
    """What it says."""
    style: Style
    """How it looks."""

    @property
    def box(self) -> Box:
        """The room it takes, at most."""
        size = SIZES[self.style]
        room = width(self.text, size, bold=self.style in BOLD_STYLES)
        left = self.x - room / 2 if self.style is Style.BADGE else self.x
        return Box(left, self.y - ASCENT * size, room, LEADING * size)

    def moved(self, x: float, y: float) -> Text:
        """Return it elsewhere."""
        return replace(self, x=self.x + x, y=self.y + y)


def line_height(style: Style) -> float:
    """Return how far one line of a style takes the next one down."""
    return SIZES[style] * LEADING


@dataclass(frozen=True, slots=True)
class Block:
    """Texts below one another, from their own top left."""

    texts: tuple[Text, ...] = ()
    """The lines."""
    height: float = 0.0
    """How far they reach down."""

    def then(self, text: str, style: Style, room: float, *, x: float = 0.0) -> Block:
        """Return it with a text added below, wrapped to the room."""
        texts, bottom = list(self.texts), self.height
        for line in wrapped(text, SIZES[style], room, bold=style in BOLD_STYLES):
            texts.append(Text(x, bottom + ASCENT * SIZES[style], line, style))
            bottom += line_height(style)
        return Block(tuple(texts), bottom)

    def spaced(self, gap: float) -> Block:
        """Return it with some room left below."""
        return Block(self.texts, self.height + gap)

    def row(self, cells: tuple[tuple[float, float, str, Style], ...]) -> Block:
        """Return it with cells side by side below: where each starts, its room, text and style."""
        blocks = [Block().then(text, style, room, x=x) for x, room, text, style in cells if text]
        texts = [text.moved(0, self.height) for block in blocks for text in block.texts]
        return Block((*self.texts, *texts), self.height + max((block.height for block in blocks), default=0.0))
