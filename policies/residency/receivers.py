"""The right column of the picture: receivers by place, and beside each arrow what it carries and why it may not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policies.residency.arrows import Arrow
from policies.residency.captions import Captions
from policies.residency.lettering import shortened, wrapped
from policies.residency.place import Place
from policies.residency.proof import Proof
from policies.residency.shapes import BOLD, SIZES, Box, Card, Frame, Style, Text

ORDER: Final = (Place.ABROAD, Place.UNKNOWN, Place.GLOBAL, Place.INSIDE)
"""From top to bottom: what a reader has to see first comes first."""
PADDING: Final = 12.0
GAP: Final = 8.0
TITLE_HEIGHT: Final = 26.0
NAME_HEIGHT: Final = 22.0
ROW_HEIGHT: Final = 18.0
WHY_HEIGHT: Final = 15.0
SOURCE_SHARE: Final = 0.36
MARK_ROOM: Final = 150.0
"""Room at the right of a row for what became of it."""


@dataclass(frozen=True, slots=True)
class End:
    """Where an arrow ends."""

    arrow: Arrow
    at: tuple[float, float]

    def moved(self, down: float) -> End:
        """Return it further down."""
        return replace(self, at=(self.at[0], self.at[1] + down))


@dataclass(frozen=True, slots=True)
class Column:
    """Frames and cards below one another, with the ends of arrows."""

    frames: tuple[Frame, ...] = ()
    cards: tuple[Card, ...] = ()
    ends: tuple[End, ...] = ()
    bottom: float = 0.0


def receivers(arrows: Sequence[Arrow], captions: Captions, x: float, top: float, width: float) -> Column:
    """Return the receivers of all arrows from a top left corner downwards."""
    column = Column(bottom=top)
    for place in ORDER:
        here = [each for each in arrows if each.place is place]
        if here:
            start = column.bottom if not column.frames else column.bottom + 2 * GAP
            column = _frame(column, here, captions, place, Box(x, start, width, 0.0))
    return column


def by_receiver(arrows: Sequence[Arrow]) -> list[list[Arrow]]:
    """Return the arrows by the receiver they end at, from the top of the picture to its bottom."""
    return [group for place in ORDER for group in _by_receiver(each for each in arrows if each.place is place)]


def _frame(column: Column, arrows: Sequence[Arrow], captions: Captions, place: Place, corner: Box) -> Column:
    inside = corner.width - 2 * PADDING
    y = corner.y + TITLE_HEIGHT
    cards: list[Card] = []
    ends: list[End] = []
    for group in _by_receiver(arrows):
        card, met = _card(group, captions, corner.x + PADDING, y, inside)
        cards.append(card)
        ends += met
        y = card.box.bottom + GAP
    bottom = y - GAP + PADDING
    title = Text(corner.x + PADDING, corner.y + 18.0, captions.places[place], Style.FRAME, own=True)
    frame = Frame(Box(corner.x, corner.y, corner.width, bottom - corner.y), title, place)
    return Column((*column.frames, frame), (*column.cards, *cards), (*column.ends, *ends), bottom)


def _by_receiver(arrows: Iterable[Arrow]) -> list[list[Arrow]]:
    """The arrows by receiver; receivers with the worst first, and in each the worst first."""
    order = list(Proof)
    groups: dict[str, list[Arrow]] = {}
    for each in arrows:
        groups.setdefault(each.sink, []).append(each)
    for group in groups.values():
        group.sort(key=lambda each: (order.index(each.proof), each.source, each.details))
    return sorted(groups.values(), key=lambda group: order.index(group[0].proof))


def _card(group: Sequence[Arrow], captions: Captions, x: float, y: float, width: float) -> tuple[Card, list[End]]:
    left, right = x + PADDING, x + width - PADDING
    where = ", ".join(dict.fromkeys(each.where for each in group if each.where))
    half = (right - left) / 2
    texts = [
        Text(left, y + 15.0, _fit(group[0].sink, Style.NAME, half), Style.NAME),
        Text(right, y + 15.0, _fit(where, Style.MUTED, half - PADDING), Style.MUTED, ends=True),
    ]
    ends: list[End] = []
    line = y + NAME_HEIGHT
    for each in group:
        texts += _row(each, captions, left, right, line)
        ends.append(End(each, (x, line + ROW_HEIGHT / 2)))
        line += ROW_HEIGHT
        why = _why(each, captions, left + PADDING, right, line)
        texts += why
        line += len({text.y for text in why}) * WHY_HEIGHT
    box = Box(x, y, width, line + GAP / 2 - y)
    tooltip = f"{group[0].sink}: {where}" if where else group[0].sink
    return Card(box, tuple(text for text in texts if text.text), group[0].place, tooltip), ends


def _row(arrow: Arrow, captions: Captions, left: float, right: float, top: float) -> list[Text]:
    """What arrives in one line: from whom, what and how; what became of it, unless that is allowed."""
    foot = top + 13.0
    split = left + (right - left) * SOURCE_SHARE
    allowed = arrow.proof is Proof.ALLOWED
    until = right if allowed else right - MARK_ROOM
    details = arrow.details + (f", {arrow.count} times" if arrow.count > 1 else "")
    texts = [
        Text(left, foot, _fit(arrow.source, Style.DETAIL, split - left - GAP), Style.DETAIL),
        Text(split, foot, _fit(details, Style.MUTED, until - split - GAP), Style.MUTED),
    ]
    if not allowed:
        mark = _fit(captions.proofs[arrow.proof], Style.NAME, MARK_ROOM)
        texts.append(Text(right, foot, mark, Style.NAME, arrow.proof, ends=True, own=True))
    return texts


def _why(arrow: Arrow, captions: Captions, left: float, right: float, top: float) -> list[Text]:
    """Why it may not be, or is not known, in as many lines as that takes."""
    lines = [line for ground in arrow.grounds for line in _lines(ground, right - left)]
    texts = [_line(left, top, number, line, arrow) for number, line in enumerate(lines)]
    if arrow.articles:
        # The caption stands by itself, so that no text mixes two directions of writing.
        first = replace(_line(left, top, len(lines), captions.forbidden, arrow), own=True)
        beside = first.box.right + GAP / 2
        articles = _lines(", ".join(arrow.articles), right - beside)
        texts += [
            first,
            *(_line(beside, top, len(lines) + number, each, arrow) for number, each in enumerate(articles)),
        ]
    return texts


def _lines(text: str, room: float) -> tuple[str, ...]:
    return wrapped(text, SIZES[Style.WHY], room)


def _line(x: float, top: float, number: int, text: str, arrow: Arrow) -> Text:
    return Text(x, top + number * WHY_HEIGHT + 11.0, text, Style.WHY, arrow.proof)


def _fit(text: str, style: Style, room: float) -> str:
    return shortened(text, SIZES[style], room, bold=style in BOLD)
