"""Lines between cards: sideways out of a card, up or down in the free room between two columns, sideways in.

No line crosses a card, and no two lines lie on one another: every line has a height of its own where it leaves a card,
and a track of its own between the columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from falaj.graph.picture import Column, Edge
from falaj.graph.shapes import SIZES, Box, Style
from falaj.graph.text import width

STRIP = 46.0
"""Room for the numbers on each side of the tracks."""
TRACK_STEP = 10.0
LANE_STEP = 10.0
GRAIN = 8.0
"""Lines leave the cards on the left of a gutter at multiples of this, those on the right half way between."""
TRACK_GAP = 12.0
BADGE_HEIGHT = 14.0
BADGE_MARGIN = 8.0


class Gutter(IntEnum):
    """The room between two columns."""

    OUTER = 0
    """Between the outside and the platform."""
    INNER = 1
    """Between the platform and the services."""


@dataclass(frozen=True, slots=True)
class Plug:
    """One end of a line: the card and the gutter it leaves it for."""

    card: str
    """Key of the card."""
    gutter: Gutter
    """Where the line goes first."""
    left: bool
    """Whether the card stands on the left of the gutter."""


@dataclass(frozen=True, slots=True)
class Badge:
    """The number of a flow on its line."""

    box: Box
    """Where it lies."""
    source: bool
    """Whether the line starts here."""


@dataclass(frozen=True, slots=True)
class Route:
    """One line with its numbers."""

    edge: Edge
    """The flows it stands for."""
    points: tuple[tuple[float, float], ...]
    """Its corners, from source to sink."""
    badges: tuple[Badge, ...]
    """Its numbers: one at each end."""


def plugs_of(edge: Edge, columns: Mapping[str, Column]) -> tuple[Plug, Plug]:
    """Return where a line leaves its source and meets its sink."""
    source, sink = columns[edge.source], columns[edge.sink]
    return _plug(edge.source, source, sink), _plug(edge.sink, sink, source)


def _plug(card: str, own: Column, other: Column) -> Plug:
    if own is Column.OUTSIDE:
        return Plug(card, Gutter.OUTER, left=True)
    if own is Column.SERVICES:
        return Plug(card, Gutter.INNER, left=False)
    if other is Column.SERVICES:
        return Plug(card, Gutter.INNER, left=True)
    return Plug(card, Gutter.OUTER, left=False)


def ports(plugs: Sequence[tuple[Plug, Plug]]) -> dict[str, int]:
    """Return how many lines meet each card on its busier side."""
    sides = Counter((plug.card, plug.left) for pair in plugs for plug in pair)
    found: dict[str, int] = {}
    for (card, _), count in sides.items():
        found[card] = max(count, found.get(card, 0))
    return found


@dataclass(frozen=True, slots=True)
class Tracks:
    """Where every line runs, sideways measures still relative to the gutters."""

    heights: tuple[tuple[float, float], ...]
    """For each line, its height at the source and at the sink."""
    tracks: tuple[tuple[int, int], ...]
    """For each line, its track in the gutter of the source and in that of the sink."""
    lanes: tuple[float | None, ...]
    """For each line, the height at which it crosses above the middle column; None where it doesn't."""
    counts: tuple[int, int]
    """How many tracks each gutter has."""

    def width(self, gutter: Gutter) -> float:
        """Return how wide a gutter has to be."""
        return 2 * STRIP + self.counts[gutter] * TRACK_STEP


def track_lines(plugs: Sequence[tuple[Plug, Plug]], boxes: Mapping[str, Box], lanes_top: float) -> Tracks:
    """Give every line its heights, tracks and lane. Only the heights of the boxes are read."""
    heights = _heights(plugs, boxes)
    lanes: list[float | None] = []
    for source, sink in plugs:
        taken = sum(1 for lane in lanes if lane is not None)
        lanes.append(None if source.gutter is sink.gutter else lanes_top + taken * LANE_STEP)
    spans: dict[Gutter, list[tuple[float, float, int, int]]] = {Gutter.OUTER: [], Gutter.INNER: []}
    for line, (pair, ends, lane) in enumerate(zip(plugs, heights, lanes, strict=True)):
        if lane is None:
            spans[pair[0].gutter].append((min(ends), max(ends), line, -1))
        else:
            for side in (0, 1):
                spans[pair[side].gutter].append((lane, ends[side], line, side))
    tracks = [[0, 0] for _ in plugs]
    counts = []
    for gutter in Gutter:
        free: list[float] = []
        for top, bottom, line, side in sorted(spans[gutter]):
            track = next((index for index, end in enumerate(free) if end + TRACK_GAP <= top), len(free))
            free[track : track + 1] = [bottom]
            for each in (0, 1) if side < 0 else (side,):
                tracks[line][each] = track
        counts.append(len(free))
    return Tracks(
        tuple(heights), tuple((first, second) for first, second in tracks), tuple(lanes), (counts[0], counts[1])
    )


def _heights(plugs: Sequence[tuple[Plug, Plug]], boxes: Mapping[str, Box]) -> list[tuple[float, float]]:
    """Where each line leaves and meets its cards: in the order of the other ends, so that lines cross little."""
    found = [[0.0, 0.0] for _ in plugs]
    sides: dict[tuple[str, bool], list[tuple[float, int, int]]] = {}
    for line, pair in enumerate(plugs):
        for end, plug in enumerate(pair):
            other = boxes[pair[1 - end].card].middle
            sides.setdefault((plug.card, plug.left), []).append((other, line, end))
    for (card, left), lines in sides.items():
        box = boxes[card]
        step = box.height / (len(lines) + 1)
        for position, (_, line, end) in enumerate(sorted(lines), 1):
            shift = 0.0 if left else GRAIN / 2
            found[line][end] = round((box.y + position * step - shift) / GRAIN) * GRAIN + shift
    return [(source, sink) for source, sink in found]


def routes(
    edges: Sequence[Edge],
    plugs: Sequence[tuple[Plug, Plug]],
    tracks: Tracks,
    boxes: Mapping[str, Box],
    starts: tuple[float, float],
) -> tuple[Route, ...]:
    """Return every line, the gutters starting at these places from the left."""
    found = []
    for line, (edge, pair) in enumerate(zip(edges, plugs, strict=True)):
        ends = tracks.heights[line]
        xs = [
            starts[plug.gutter] + STRIP + (track + 0.5) * TRACK_STEP
            for plug, track in zip(pair, tracks.tracks[line], strict=True)
        ]
        doors = [boxes[plug.card].right if plug.left else boxes[plug.card].x for plug in pair]
        points = [(doors[0], ends[0]), (xs[0], ends[0])]
        lane = tracks.lanes[line]
        if lane is not None:
            points += [(xs[0], lane), (xs[1], lane)]
        points += [(xs[1], ends[1]), (doors[1], ends[1])]
        badges = tuple(
            Badge(_badge(edge, plug, height, starts[plug.gutter], tracks.width(plug.gutter)), source=index == 0)
            for index, (plug, height) in enumerate(zip(pair, ends, strict=True))
        )
        found.append(Route(edge, tuple(points), badges))
    return tuple(found)


def _badge(edge: Edge, plug: Plug, height: float, start: float, room: float) -> Box:
    wide = width(edge.label, SIZES[Style.BADGE], bold=True) + BADGE_MARGIN
    x = start + (STRIP - wide) / 2 if plug.left else start + room - (STRIP + wide) / 2
    return Box(x, height - BADGE_HEIGHT / 2, wide, BADGE_HEIGHT)
