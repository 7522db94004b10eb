"""A drawing as SVG: real text that can be selected and searched, colours that follow the reader's light or dark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from falaj.catalog.data_flows import Encryption
from falaj.graph.drawing import LEGEND_HEIGHT, MARGIN, Drawing, draw
from falaj.graph.layout import PlacedCard, PlacedFrame
from falaj.graph.palette import DARK, DASHES, LIGHT, Palette
from falaj.graph.picture import SENSITIVITY, Picture
from falaj.graph.routing import Route
from falaj.graph.shapes import BOLD_STYLES, SIZES, Box, Style, Text
from falaj.graph.table import words
from falaj.graph.text import width

FONT = 'system-ui, -apple-system, "Segoe UI", "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans", sans-serif'
CORNER = 6.0
ARROW = 7.0
SAMPLE = 26.0
BADGE_BASELINE = 3.6


def svg(picture: Picture) -> str:
    """Return the picture as one SVG document without scripts, fonts or references to anything outside itself."""
    drawing = draw(picture)
    box = drawing.box
    size = f'width="{_n(box.width)}" height="{_n(box.height)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {_n(box.width)} {_n(box.height)}"',
        ' role="document" aria-labelledby="title">',
        f'<title id="title">{escape(picture.title)}</title>',
        f"<desc>{escape(' '.join(picture.facts))}</desc>",
        f"<style>{_styles()}</style>",
        f'<rect class="paper" {size}/>',
        *_texts(drawing.header),
        *(line for placed in drawing.frames for line in _frame(placed)),
        *(line for route in drawing.routes for line in _line(route)),
        *(line for placed in drawing.cards for line in _card(placed)),
        *(line for route in drawing.routes for line in _badges(route)),
        *_legend(drawing),
        *_table(drawing),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _styles() -> str:
    common = [
        f"text{{font-family:{FONT};white-space:pre}}",
        *(
            f".{style.value}{{font-size:{_n(SIZES[style])}px;font-weight:{650 if style in BOLD_STYLES else 400}}}"
            for style in Style
        ),
        ".badge{text-anchor:middle}",
        ".line{fill:none;stroke-width:1.6;stroke-linejoin:round}",
        ".flow:hover .line,.flow:hover .plate{stroke-width:3}",
    ]
    dark = "".join(_colours(DARK))
    return "\n".join(("", *common, *_colours(LIGHT), f"@media (prefers-color-scheme:dark){{{dark}}}", ""))


def _colours(palette: Palette) -> Iterator[str]:
    yield f".paper{{fill:{palette.paper}}}"
    yield f"text{{fill:{palette.ink}}}.muted{{fill:{palette.muted}}}"
    yield f".rule{{stroke:{palette.rule}}}"
    for look, fill in palette.fills.items():
        yield f".frame.{look.value}{{fill:{fill};stroke:{palette.strokes[look]}}}"
        yield f".card.{look.value}{{fill:{palette.card};stroke:{palette.strokes[look]}}}"
    for name, colour in palette.data.items():
        yield f".{name.value} .line,.{name.value} .plate{{stroke:{colour}}}.{name.value} .arrow{{fill:{colour}}}"
        yield f".{name.value} .from{{fill:{colour}}}.{name.value} .from+text{{fill:{palette.on_data}}}"
        yield f".{name.value} .to{{fill:{palette.paper}}}"


def _frame(placed: PlacedFrame) -> Iterator[str]:
    yield f"<g>{_rectangle(placed.box, f'frame {placed.frame.look.value}', 8)}"
    yield from _texts(placed.texts)
    yield "</g>"


def _card(placed: PlacedCard) -> Iterator[str]:
    tooltip = f"<title>{escape(placed.card.tooltip)}</title>" if placed.card.tooltip else ""
    yield f"<g>{tooltip}{_rectangle(placed.box, f'card {placed.card.look.value}', 5)}"
    yield from _texts(placed.texts)
    yield "</g>"


def _line(route: Route) -> Iterator[str]:
    edge = route.edge
    dash = DASHES[edge.encryption]
    broken = f' stroke-dasharray="{dash}"' if dash else ""
    (x, y), (before, _) = route.points[-1], route.points[-2]
    back = ARROW if x > before else -ARROW
    yield (
        f'<g class="flow {edge.data_class.value}"><path class="line" d="{_path(route.points)}"{broken}/>'
        f'<path class="arrow" d="M{_n(x)} {_n(y)}l{_n(-back)} {_n(-ARROW / 2)}v{_n(ARROW)}z"/></g>'
    )


def _path(points: tuple[tuple[float, float], ...]) -> str:
    """Straight lines with rounded corners; two points in one place have none between them."""
    text = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(CORNER, _distance(before, corner) / 2, _distance(corner, after) / 2)
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        text += f"L{_n(start[0])} {_n(start[1])}Q{_n(corner[0])} {_n(corner[1])} {_n(end[0])} {_n(end[1])}"
    return text + f"L{_n(points[-1][0])} {_n(points[-1][1])}"


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(start: tuple[float, float], goal: tuple[float, float], length: float) -> tuple[float, float]:
    whole = _distance(start, goal)
    share = length / whole if whole else 0.0
    return start[0] + (goal[0] - start[0]) * share, start[1] + (goal[1] - start[1]) * share


def _badges(route: Route) -> Iterator[str]:
    edge = route.edge
    purposes = "; ".join(flow.declared.purpose for flow in edge.flows)
    yield f'<g class="flow {edge.data_class.value}"><title>{escape(purposes)}</title>'
    for badge in route.badges:
        text = Text(badge.box.x + badge.box.width / 2, badge.box.middle + BADGE_BASELINE, edge.label, Style.BADGE)
        yield _rectangle(badge.box, f"plate {'from' if badge.source else 'to'}", 7)
        yield from _texts((text,))
    yield "</g>"


def _legend(drawing: Drawing) -> Iterator[str]:
    """What colours and strokes mean: only those that the picture shows."""
    classes = {route.edge.data_class for route in drawing.routes}
    protections = {route.edge.encryption for route in drawing.routes}
    x, y = MARGIN, drawing.legend + LEGEND_HEIGHT / 2
    kinds = [
        *((name.value, "", f"{words(name)} data") for name in SENSITIVITY if name in classes),
        *(("public", DASHES[each], _protection(each)) for each in _distinct(protections)),
    ]
    for name, dash, label in kinds:
        broken = f' stroke-dasharray="{dash}"' if dash else ""
        yield f'<g class="{name}"><path class="line" d="M{_n(x)} {_n(y)}h{_n(SAMPLE)}"{broken}/></g>'
        text = Text(x + SAMPLE + 6, y + BADGE_BASELINE, label, Style.BODY)
        yield from _texts((text,))
        x += SAMPLE + 6 + width(label, SIZES[Style.BODY]) + 18


def _distinct(protections: Iterable[Encryption]) -> list[Encryption]:
    """One protection for each kind of stroke."""
    kinds = {DASHES[each]: each for each in sorted(protections, reverse=True)}
    return [each for each in Encryption if each in kinds.values()]


def _protection(encryption: Encryption) -> str:
    return {"": "over TLS", "6 3": "inside the cluster network or node", "1 4": "unprotected"}[DASHES[encryption]]


def _table(drawing: Drawing) -> Iterator[str]:
    box = drawing.table.box
    for rule in drawing.table.rules:
        yield f'<path class="rule" d="M{_n(box.x)} {_n(rule)}H{_n(box.right)}"/>'
    yield from _texts(drawing.table.texts)


def _texts(texts: Iterable[Text]) -> Iterator[str]:
    for text in texts:
        if text.text:
            yield (
                f"<text class={quoteattr(text.style.value)} x={quoteattr(_n(text.x))} y={quoteattr(_n(text.y))}>"
                f"{escape(text.text)}</text>"
            )


def _rectangle(box: Box, kind: str, radius: float) -> str:
    return (
        f'<rect class="{kind}" x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" '
        f'rx="{_n(radius)}"/>'
    )


def _n(number: float) -> str:
    """A number as short as it can be written."""
    return f"{number:.1f}".removesuffix(".0")
