"""Frames and cards below one another: a column of a picture, from its own top left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from falaj.graph.picture import Card, Edge, Frame
from falaj.graph.shapes import Block, Box, Style, Text

PADDING = 12.0
"""Between an edge and what lies inside it."""

GAP = 14.0
"""Between two boxes."""

PORT_STEP = 24.0
"""Least distance of two lines that meet one card."""

HEAD_SHARE = 0.3
"""Part of a grid's width that the headings of its rows take."""


@dataclass(frozen=True, slots=True)
class PlacedCard:
    """A card with its place."""

    card: Card
    """The card."""
    box: Box
    """Where it stands."""
    texts: tuple[Text, ...]
    """What it says, each line in its place."""

    def moved(self, x: float, y: float) -> PlacedCard:
        """Return it elsewhere."""
        return replace(self, box=self.box.moved(x, y), texts=tuple(text.moved(x, y) for text in self.texts))


@dataclass(frozen=True, slots=True)
class PlacedFrame:
    """A frame with its place."""

    frame: Frame
    """The frame."""
    box: Box
    """Where it stands."""
    texts: tuple[Text, ...]
    """Title and note, each line in its place."""

    def moved(self, x: float, y: float) -> PlacedFrame:
        """Return it elsewhere."""
        return replace(self, box=self.box.moved(x, y), texts=tuple(text.moved(x, y) for text in self.texts))


@dataclass(frozen=True, slots=True)
class Stack:
    """Boxes with their places: frames, outer ones first, and cards from top to bottom."""

    frames: tuple[PlacedFrame, ...] = ()
    """The frames."""
    cards: tuple[PlacedCard, ...] = ()
    """The cards."""
    height: float = 0.0
    """How far they reach down."""

    def moved(self, x: float, y: float) -> Stack:
        """Return them elsewhere."""
        return Stack(
            tuple(frame.moved(x, y) for frame in self.frames),
            tuple(card.moved(x, y) for card in self.cards),
            self.height,
        )

    def then(self, other: Stack) -> Stack:
        """Return these with others below."""
        start = self.height + GAP if self.cards or self.frames else 0.0
        moved = other.moved(0, start)
        return Stack((*self.frames, *moved.frames), (*self.cards, *moved.cards), start + other.height)


def stack_of(frame: Frame, width: float, ports: Mapping[str, int], inner: Mapping[str, Edge]) -> Stack:
    """Return a frame and all it holds. `ports` says how many lines meet a card, `inner` which stay within one."""
    inside = width - 2 * PADDING
    title = _title(frame, inside)
    parts = Stack()
    for part in frame.parts:
        if isinstance(part, Card):
            parts = parts.then(card_stack(part, inside, ports.get(part.key, 0), inner.get(part.key)))
        else:
            parts = parts.then(stack_of(part, inside, ports, inner))
    top = PADDING + title.height + (PADDING if frame.parts else 0)
    below = parts.moved(PADDING, top)
    height = top + parts.height + PADDING
    texts = tuple(text.moved(PADDING, PADDING) for text in title.texts)
    own = PlacedFrame(frame, Box(0, 0, width, height), texts)
    return Stack((own, *below.frames), below.cards, height)


def card_stack(card: Card, width: float, ports: int, inner: Edge | None) -> Stack:
    """Return one card, tall enough for its texts and for the lines that meet it on its busier side."""
    block = _content(card, width - 2 * PADDING, inner)
    height = max(block.height + 2 * PADDING, (ports + 1) * PORT_STEP)
    texts = tuple(text.moved(PADDING, PADDING) for text in block.texts)
    return Stack((), (PlacedCard(card, Box(0, 0, width, height), texts),), height)


def _title(frame: Frame, width: float) -> Block:
    block = Block().then(frame.title, Style.TITLE, width)
    return block.then(frame.note, Style.MUTED, width) if frame.note else block


def _content(card: Card, width: float, inner: Edge | None) -> Block:
    block = Block().then(card.title, Style.TITLE, width)
    for line in card.lines:
        block = block.then(line, Style.BODY, width)
    if card.grid is not None:
        head = width * HEAD_SHARE
        cell = (width - head) / max(1, len(card.grid.columns))
        rows = [("", card.grid.columns, Style.MUTED), *((name, cells, Style.BODY) for name, cells in card.grid.rows)]
        for name, cells, style in rows:
            beside = [(head + index * cell, cell - 6, text, style) for index, text in enumerate(cells)]
            block = block.row(((0.0, head - 6, name, Style.MUTED), *beside))
    if card.protected:
        block = block.then(f"{card.protected} protected", Style.MUTED, width)
    if inner is not None:
        block = block.then(f"within: {inner.label}", Style.MUTED, width)
    return block
