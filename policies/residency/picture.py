"""The picture of where data goes: senders, receivers by place, an arrow for each movement, as one SVG.

Real text, no script, no reference to anything outside itself, in the reader's light or dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policies.markup import Attributes, Markup, element, joined, raw
from policies.residency.arrows import Arrow, arrow, merged
from policies.residency.captions import ENGLISH, Captions
from policies.residency.colours import STYLES, dash_of
from policies.residency.place import Place, place_of
from policies.residency.proof import Proof, Proven
from policies.residency.receivers import PADDING, by_receiver, receivers
from policies.residency.senders import homes_of, lines, senders
from policies.residency.shapes import Box, Card, Drawing, Frame, Line, Sample, Style, Text
from policies.stack import Stack

MARGIN: Final = 20.0
SENDERS: Final = 264.0
GUTTER: Final = 210.0
RECEIVERS: Final = 660.0
WIDTH: Final = 2 * MARGIN + SENDERS + GUTTER + RECEIVERS
HEAD: Final = 96.0
SHEET: Final = 1560.0
"""How tall a part may be that is to fit on one page of A4."""
SAMPLE: Final = 28.0
TIP: Final = 7.0
STRIPE: Final = 4.0


def arrows_of(proven: Iterable[Proven], stack: Stack) -> tuple[Arrow, ...]:
    """Return the arrows of proven movements in a stack."""
    return tuple(
        arrow(
            source=each.edge.source,
            sink=each.edge.sink,
            place=place_of(each.edge, stack),
            proof=each.proof,
            said=(each.edge.channel, each.edge.data_class, each.edge.encryption),
            region=each.edge.region,
            global_service=each.edge.global_service,
            grounds=each.grounds,
            articles=each.articles,
        )
        for each in proven
    )


def picture(arrows: Iterable[Arrow], captions: Captions = ENGLISH) -> Markup:
    """Return the picture of all arrows; the same arrows always make the same picture."""
    return _svg(draw(tuple(arrows), captions), captions)


def pictures(arrows: Iterable[Arrow], captions: Captions = ENGLISH, tallest: float = SHEET) -> tuple[Markup, ...]:
    """Return the picture in parts, each no taller than a sheet of paper shows well, unless one receiver alone is."""
    whole = tuple(arrows)
    parts: list[list[Arrow]] = []
    for group in by_receiver(whole):
        if parts and draw([*parts[-1], *group], captions).box.height <= tallest:
            parts[-1] += group
        else:
            parts.append(list(group))
    return tuple(_svg(draw(part, captions, whole), captions) for part in parts)


def draw(arrows: Sequence[Arrow], captions: Captions = ENGLISH, among: Sequence[Arrow] | None = None) -> Drawing:
    """Return everything of the picture in its place; ``among`` are all movements, where these are a part of them."""
    column = receivers(merged(arrows), captions, MARGIN + SENDERS + GUTTER, HEAD, RECEIVERS)
    homes = homes_of(arrows if among is None else among)
    cards = senders(column.ends, homes, captions, x=MARGIN, top=HEAD, width=SENDERS)
    bottom = max([HEAD, column.bottom, *(card.box.bottom for card in cards)])
    headings = [Text(MARGIN, 32.0, captions.title, Style.TITLE, own=True)]
    if arrows:
        headings.append(Text(MARGIN, HEAD - 10.0, captions.senders, Style.MUTED, own=True))
        headings.append(Text(MARGIN + SENDERS + GUTTER, HEAD - 10.0, captions.receivers, Style.MUTED, own=True))
    else:
        headings.append(Text(MARGIN, 58.0, captions.nothing, Style.DETAIL, own=True))
    return Drawing(
        box=Box(0.0, 0.0, WIDTH, bottom + MARGIN),
        texts=tuple(headings),
        samples=tuple(_legend(arrows, captions)),
        frames=column.frames,
        cards=(*cards, *column.cards),
        lines=lines(column.ends, cards),
    )


def _legend(arrows: Sequence[Arrow], captions: Captions) -> Iterator[Sample]:
    x = MARGIN
    for proof in Proof:
        count = sum(each.proof is proof for each in arrows)
        if count:
            label = f"{captions.proofs[proof]}: {count}"
            text = Text(x + SAMPLE + 8.0, 60.0, label, Style.DETAIL, own=True)
            yield Sample((x, 56.0), proof, text)
            x = text.box.right + 2 * PADDING


def _svg(drawing: Drawing, captions: Captions) -> Markup:
    box = drawing.box
    size: Attributes = {"width": box.width, "height": box.height}
    parts = [
        element("title", {}, captions.title),
        element("style", {}, raw(STYLES)),
        element("rect", {"class": "paper", **size}),
        *(_text(text, captions) for text in drawing.texts),
        *(part for sample in drawing.samples for part in _sample(sample, captions)),
        *(_frame(frame, captions) for frame in drawing.frames),
        *(_line(line) for line in drawing.lines),
        *(_card(card, captions) for card in drawing.cards),
    ]
    attributes: Attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "movements",
        **size,
        "viewBox": f"0 0 {box.width:.0f} {box.height:.0f}",
        "role": "img",
        "aria-label": captions.title,
        "lang": captions.language,
        "direction": "ltr",
    }
    return element("svg", attributes, raw("\n"), joined(parts, "\n"), raw("\n"))


def _frame(frame: Frame, captions: Captions) -> Markup:
    kind = f"frame {_kind(frame.place)}"
    return element("g", {}, _rectangle(frame.box, kind, 8.0), _text(frame.title, captions))


def _card(card: Card, captions: Captions) -> Markup:
    return element(
        "g",
        {},
        element("title", {}, card.tooltip),
        _rectangle(card.box, "card", 4.0),
        *([_rectangle(_stripe(card.box), f"stripe {_kind(card.place)}", 1.0)] if card.striped else []),
        *(_text(text, captions) for text in card.texts),
    )


def _kind(place: Place | None) -> str:
    return "unstated" if place is None else place.name.lower()


def _stripe(box: Box) -> Box:
    return Box(box.x, box.y, STRIPE, box.height)


def _line(line: Line) -> Markup:
    (x, y), (to_x, to_y) = line.start, line.end
    bend = (to_x - x) * 0.5
    tip = to_x - TIP
    curve = f"M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} {tip - bend:.1f} {to_y:.1f} {tip:.1f} {to_y:.1f}"
    point = f"M{to_x:.1f} {to_y:.1f}l{-TIP:.1f} {-TIP / 2:.1f}v{TIP:.1f}z"
    return element(
        "g",
        {"class": f"arrow {line.proof.value}"},
        element("title", {}, line.tooltip),
        element("path", {"class": "shaft", "d": curve, "stroke-dasharray": dash_of(line.proof)}),
        element("path", {"class": "tip", "d": point}),
    )


def _sample(sample: Sample, captions: Captions) -> Iterator[Markup]:
    x, y = sample.start
    shaft = {"class": "shaft", "d": f"M{x:.1f} {y:.1f}h{SAMPLE:.1f}", "stroke-dasharray": dash_of(sample.proof)}
    yield element("g", {"class": f"arrow {sample.proof.value}"}, element("path", shaft))
    yield _text(sample.text, captions)


def _text(text: Text, captions: Captions) -> Markup:
    """One line. What is written from right to left ends where it would begin."""
    turned = text.own and captions.right_to_left
    says_outcome = text.proof is not Proof.ALLOWED
    attributes: Attributes = {
        "class": f"{text.style.value} {text.proof.value}" if says_outcome else text.style.value,
        "x": text.x,
        "y": text.y,
        "direction": "rtl" if turned else None,
        "lang": None if text.own else "en",
        "text-anchor": "end" if text.ends != turned else None,
    }
    return element("text", attributes, text.text)


def _rectangle(box: Box, kind: str, radius: float) -> Markup:
    return element(
        "rect", {"class": kind, "x": box.x, "y": box.y, "width": box.width, "height": box.height, "rx": radius}
    )
