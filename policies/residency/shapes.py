"""What the picture of movements is made of: boxes, texts and lines with a place, in pixels from the top left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from policies.residency.lettering import width
from policies.residency.place import Place
from policies.residency.proof import Proof


class Style(StrEnum):
    """How a text looks."""

    TITLE = "title"
    FRAME = "frame"
    NAME = "name"
    DETAIL = "detail"
    MUTED = "muted"
    WHY = "why"


SIZES = {
    Style.TITLE: 17.0,
    Style.FRAME: 13.0,
    Style.NAME: 11.5,
    Style.DETAIL: 11.0,
    Style.MUTED: 11.0,
    Style.WHY: 11.0,
}
BOLD = frozenset({Style.TITLE, Style.FRAME, Style.NAME})
ASCENT = 0.95
DESCENT = 0.3
"""From the foot of the letters to the top and the bottom of their line, in font sizes."""
HAIR = 0.01
"""What two boxes may lie over one another by rounding."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Lower edge."""
        return self.y + self.height

    def overlaps(self, other: Box) -> bool:
        """Tell whether the two share more than an edge."""
        across = min(self.right, other.right) - max(self.x, other.x)
        down = min(self.bottom, other.bottom) - max(self.y, other.y)
        return across > HAIR and down > HAIR

    def holds(self, other: Box) -> bool:
        """Tell whether the other lies in it."""
        inside = self.x - HAIR <= other.x and other.right <= self.right + HAIR
        return inside and self.y - HAIR <= other.y and other.bottom <= self.bottom + HAIR


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; ``x`` is its left edge, or its right one where it ends there."""

    x: float
    y: float
    """Where its letters stand."""
    text: str
    style: Style
    proof: Proof = Proof.ALLOWED
    """Lends its colour to what says what became of a movement."""
    ends: bool = False
    own: bool = False
    """Whether it is a caption, in the language of the picture, and not a name from the plan."""

    @property
    def box(self) -> Box:
        """The room it takes at most."""
        size = SIZES[self.style]
        room = width(self.text, size, bold=self.style in BOLD)
        return Box(self.x - room if self.ends else self.x, self.y - ASCENT * size, room, (ASCENT + DESCENT) * size)

    def moved(self, down: float) -> Text:
        """Return it further down."""
        return replace(self, y=self.y + down)


@dataclass(frozen=True, slots=True)
class Card:
    """A sender or a receiver."""

    box: Box
    texts: tuple[Text, ...]
    place: Place | None
    """Where it lies; nothing where no movement says so."""
    tooltip: str
    striped: bool = False
    """Whether a stripe in the colour of its place marks it, because no frame does."""

    def moved(self, down: float) -> Card:
        """Return it further down."""
        return replace(
            self, box=replace(self.box, y=self.box.y + down), texts=tuple(each.moved(down) for each in self.texts)
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """The room around what lies in one place."""

    box: Box
    title: Text
    place: Place


@dataclass(frozen=True, slots=True)
class Line:
    """One or more movements from a sender to a receiver, all with the same outcome."""

    start: tuple[float, float]
    end: tuple[float, float]
    proof: Proof
    tooltip: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A line of the legend, and what such a line means."""

    start: tuple[float, float]
    proof: Proof
    text: Text


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole picture with everything in its place."""

    box: Box
    texts: tuple[Text, ...]
    """Title and headings."""
    samples: tuple[Sample, ...]
    frames: tuple[Frame, ...]
    cards: tuple[Card, ...]
    lines: tuple[Line, ...]

    @property
    def lettering(self) -> tuple[Text, ...]:
        """Every text of the picture."""
        return (
            *self.texts,
            *(sample.text for sample in self.samples),
            *(frame.title for frame in self.frames),
            *(text for card in self.cards for text in card.texts),
        )
