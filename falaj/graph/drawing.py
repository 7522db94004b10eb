"""A whole picture with everything in its place: three columns, the lines between them, the table below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from falaj.graph.layout import GAP, PADDING, PlacedCard, PlacedFrame, Stack, card_stack, stack_of
from falaj.graph.picture import Edge, Frame, Look, Picture
from falaj.graph.routing import LANE_STEP, Gutter, Plug, Route, plugs_of, ports, routes, track_lines
from falaj.graph.shapes import Block, Box, Style, Text
from falaj.graph.table import Table, table

MARGIN = 24.0
LEGEND_HEIGHT = 34.0
OUTSIDE_WIDTH, PLATFORM_WIDTH, SERVICES_WIDTH = 240.0, 540.0, 330.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture in its place, ready to be written down."""

    box: Box
    """The whole of it."""
    header: tuple[Text, ...]
    """Title and facts."""
    frames: tuple[PlacedFrame, ...]
    """Every frame, outer ones first."""
    cards: tuple[PlacedCard, ...]
    """Every card."""
    routes: tuple[Route, ...]
    """Every line between cards."""
    legend: float
    """Where the legend starts."""
    table: Table
    """The flows in words."""

    def texts(self) -> Iterator[Text]:
        """Yield every text but those of the legend and the numbers on lines."""
        yield from self.header
        yield from (text for frame in self.frames for text in frame.texts)
        yield from (text for card in self.cards for text in card.texts)
        yield from self.table.texts


def draw(picture: Picture) -> Drawing:
    """Return the drawing of a picture; the same picture always gives the same one."""
    columns = picture.column_of()
    edges = picture.edges()
    lines = tuple(edge for edge in edges if edge.source != edge.sink)
    inner = {edge.source: edge for edge in edges if edge.source == edge.sink}
    plugs = tuple(plugs_of(edge, columns) for edge in lines)
    width_guess = 2 * MARGIN + OUTSIDE_WIDTH + PLATFORM_WIDTH + SERVICES_WIDTH
    header = _header(picture, width_guess)
    lanes_top = MARGIN + header.height + PADDING
    crossings = sum(1 for source, sink in plugs if source.gutter is not sink.gutter)
    top = lanes_top + crossings * LANE_STEP + (PADDING if crossings else 0)
    body = _Body(picture, plugs, ports(plugs), inner, top)
    tracks = track_lines(plugs, body.boxes(), lanes_top)
    body.spread(tracks.width(Gutter.OUTER), tracks.width(Gutter.INNER))
    placed = routes(lines, plugs, tracks, body.boxes(), body.gutters)
    legend = body.bottom + GAP
    flows = table(picture, MARGIN, legend + LEGEND_HEIGHT, body.right - MARGIN)
    return Drawing(
        box=Box(0, 0, body.right + MARGIN, flows.box.bottom + MARGIN),
        header=tuple(text.moved(MARGIN, MARGIN) for text in header.texts),
        frames=body.frames(),
        cards=body.cards(),
        routes=placed,
        legend=legend,
        table=flows,
    )


def _header(picture: Picture, width: float) -> Block:
    block = Block().then(picture.title, Style.HEADING, width - 2 * MARGIN).spaced(2)
    for fact in picture.facts:
        block = block.then(fact, Style.MUTED, width - 2 * MARGIN)
    return block


class _Body:
    """The three columns; their heights are known first, their places sideways once the lines are counted."""

    def __init__(
        self,
        picture: Picture,
        plugs: tuple[tuple[Plug, Plug], ...],
        met: Mapping[str, int],
        inner: Mapping[str, Edge],
        top: float,
    ) -> None:
        self._picture = picture
        self._top = top
        self._title = Block().then(picture.region, Style.TITLE, PLATFORM_WIDTH)
        inside = top + PADDING + self._title.height + PADDING
        self._platform = stack_of(picture.platform, PLATFORM_WIDTH, met, inner).moved(0, inside)
        self._services = Stack()
        if picture.services.parts:
            self._services = stack_of(picture.services, SERVICES_WIDTH, met, inner).moved(0, inside)
        self._region_bottom = inside + max(self._platform.height, self._services.height) + PADDING
        self._outside = self._place_outside(plugs, met, inner)
        lowest = max((card.box.bottom for card in self._outside.cards), default=top)
        self.bottom = max(self._region_bottom, lowest + PADDING)
        self.gutters = (0.0, 0.0)
        self.right = 0.0

    def boxes(self) -> dict[str, Box]:
        """Where each card stands."""
        return {placed.card.key: placed.box for placed in self.cards()}

    def cards(self) -> tuple[PlacedCard, ...]:
        """Every card."""
        return (*self._outside.cards, *self._platform.cards, *self._services.cards)

    def frames(self) -> tuple[PlacedFrame, ...]:
        """Every frame, outer ones first, each column as tall as the whole."""
        left = self.gutters[1] - PLATFORM_WIDTH - PADDING
        region = PlacedFrame(
            Frame(self._picture.region, Look.REGION),
            Box(left, self._top, self.right - left, self.bottom - self._top),
            tuple(text.moved(left + PADDING, self._top + PADDING) for text in self._title.texts),
        )
        return (region, *self._outside.frames, *self._platform.frames, *self._services.frames)

    def spread(self, outer: float, inner: float) -> None:
        """Move the columns apart so that the lines have room."""
        outside = MARGIN
        platform = outside + OUTSIDE_WIDTH + outer + PADDING
        services = platform + PLATFORM_WIDTH + (inner if self._services.cards else 0)
        self._outside = self._outside.moved(outside, 0)
        self._platform = self._platform.moved(platform, 0)
        self._services = self._services.moved(services, 0)
        self.gutters = (outside + OUTSIDE_WIDTH, platform + PLATFORM_WIDTH)
        self.right = services + (SERVICES_WIDTH if self._services.cards else 0) + PADDING

    def _place_outside(
        self, plugs: tuple[tuple[Plug, Plug], ...], met: Mapping[str, int], inner: Mapping[str, Edge]
    ) -> Stack:
        """Stand each card outside as near as may be to what it speaks with."""
        inside = OUTSIDE_WIDTH - 2 * PADDING
        frame = stack_of(
            Frame(self._picture.outside.title, Look.OUTSIDE, note=self._picture.outside.note), OUTSIDE_WIDTH, met, inner
        )
        boxes = {placed.card.key: placed.box for placed in (*self._platform.cards, *self._services.cards)}
        wishes = []
        for position, card in enumerate(self._picture.outside.cards()):
            partners = [
                boxes[pair[1 - end].card].middle
                for pair in plugs
                for end in (0, 1)
                if pair[end].card == card.key and pair[1 - end].card in boxes
            ]
            wish = sum(partners) / len(partners) if partners else self._top
            wishes.append((wish, position, card_stack(card, inside, met.get(card.key, 0), inner.get(card.key))))
        free = self._top + frame.height
        cards: list[PlacedCard] = []
        for wish, _, stack in sorted(wishes, key=lambda each: each[:2]):
            y = max(free, wish - stack.height / 2)
            cards += stack.moved(PADDING, y).cards
            free = y + stack.height + GAP
        bottom = max(self._region_bottom, free)
        box = Box(0, self._top, OUTSIDE_WIDTH, bottom - self._top)
        title = tuple(text.moved(0, self._top) for text in frame.frames[0].texts)
        return Stack((PlacedFrame(self._picture.outside, box, title),), tuple(cards), bottom)
