"""The left column of the picture: senders, each near to what it sends to, and the arrows that leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from policies.residency.arrows import Arrow
from policies.residency.captions import Captions
from policies.residency.lettering import shortened, wrapped
from policies.residency.place import Place
from policies.residency.proof import Proof
from policies.residency.receivers import GAP, ORDER, PADDING, End
from policies.residency.shapes import BOLD, SIZES, Box, Card, Line, Style, Text

NAME_LINE: Final = 15.0
PORT: Final = 7.0
"""Least distance of two arrows that leave one sender."""
MOST_LINES: Final = 3


def senders(
    ends: Sequence[End], homes: Mapping[str, Place], captions: Captions, *, x: float, top: float, width: float
) -> tuple[Card, ...]:
    """Return a card for everyone who sends, from a top left corner downwards."""
    wishes = _wishes(ends)
    names = sorted(wishes, key=lambda name: (wishes[name], name))
    leaving = {name: sum(end.arrow.source == name for end in ends) for name in names}
    cards = [_card(name, homes.get(name), captions, Box(x, 0.0, width, (leaving[name] + 1) * PORT)) for name in names]
    return tuple(_settled(cards, [wishes[name] for name in names], top))


def lines(ends: Sequence[End], cards: Sequence[Card]) -> tuple[Line, ...]:
    """Return the line of each arrow: from a place of its own at its sender to its end; what is worst comes last."""
    boxes = {card.tooltip: card.box for card in cards}
    leaving: dict[str, list[End]] = {}
    for end in sorted(ends, key=lambda end: end.at[1]):
        leaving.setdefault(end.arrow.source, []).append(end)
    drawn = [
        Line(
            (boxes[name].right, boxes[name].y + boxes[name].height * (number + 1) / (len(own) + 1)),
            end.at,
            end.arrow.proof,
            _tooltip(end),
        )
        for name, own in leaving.items()
        for number, end in enumerate(own)
    ]
    order = list(Proof)
    return tuple(sorted(drawn, key=lambda line: -order.index(line.proof)))


def _tooltip(end: End) -> str:
    arrow = end.arrow
    return "; ".join((f"{arrow.source} → {arrow.sink}: {arrow.details}", *arrow.grounds, *arrow.articles))


def homes_of(arrows: Sequence[Arrow]) -> Mapping[str, Place]:
    """Return where those stand who receive; of several places, the last in order: in the country."""
    return {each.sink: place for place in ORDER for each in arrows if each.place is place}


def _wishes(ends: Sequence[End]) -> Mapping[str, float]:
    """The height in the middle of everything that a sender sends to."""
    heights: dict[str, list[float]] = {}
    for end in ends:
        heights.setdefault(end.arrow.source, []).append(end.at[1])
    return {name: sum(own) / len(own) for name, own in heights.items()}


def _card(name: str, place: Place | None, captions: Captions, least: Box) -> Card:
    room = least.width - 2 * PADDING
    names = wrapped(name, SIZES[Style.NAME], room, bold=Style.NAME in BOLD)
    if len(names) > MOST_LINES:
        names = (*names[: MOST_LINES - 1], shortened(f"{names[MOST_LINES - 1]} …", SIZES[Style.NAME], room, bold=True))
    caption = captions.undeclared if place is None else captions.places[place]
    height = max((len(names) + 1) * NAME_LINE + GAP, least.height)
    first = (height - (len(names) + 1) * NAME_LINE) / 2 + 11.5
    x = least.x + PADDING
    texts = tuple(Text(x, first + number * NAME_LINE, line, Style.NAME) for number, line in enumerate(names))
    where = Text(x, first + len(names) * NAME_LINE, caption, Style.MUTED, own=True)
    return Card(Box(least.x, 0.0, least.width, height), (*texts, where), place, name, striped=True)


def _settled(cards: Sequence[Card], wishes: Sequence[float], top: float) -> list[Card]:
    """Put each card as near to its wish as the others allow: cards that would touch share what they are pushed by."""
    runs: list[tuple[float, list[Card], list[float]]] = []
    for card, wish in zip(cards, wishes, strict=True):
        run, wanted = [card], [wish]
        start = max(top, wish - card.box.height / 2)
        while runs and runs[-1][0] + _height(runs[-1][1]) + GAP > start:
            _, above, above_wanted = runs.pop()
            run, wanted = [*above, *run], [*above_wanted, *wanted]
            start = max(top, _best_start(run, wanted))
        runs.append((start, run, wanted))
    return [card.moved(y) for start, run, _ in runs for card, y in zip(run, _tops(run, start), strict=True)]


def _best_start(run: Sequence[Card], wishes: Sequence[float]) -> float:
    """Where a run of touching cards starts so that their distances from their wishes add up to nothing."""
    middles = [y + card.box.height / 2 for card, y in zip(run, _tops(run, 0.0), strict=True)]
    return sum(wish - middle for wish, middle in zip(wishes, middles, strict=True)) / len(run)


def _tops(run: Sequence[Card], start: float) -> list[float]:
    tops = [start]
    for card in run[:-1]:
        tops.append(tops[-1] + card.box.height + GAP)
    return tops


def _height(run: Sequence[Card]) -> float:
    return sum(card.box.height for card in run) + GAP * (len(run) - 1)
