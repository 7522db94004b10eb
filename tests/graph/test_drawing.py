"""Nothing in a picture lies on anything else, whatever the picture."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import HealthCheck, given, settings

from falaj.graph.drawing import Drawing, draw
from falaj.graph.picture import Picture
from falaj.graph.routing import Route
from falaj.graph.shapes import Box, Text
from tests.graph.pictures import pictures

Segment = tuple[tuple[float, float], tuple[float, float]]

drawn = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SLACK = 1e-6


def texts(drawing: Drawing) -> list[Text]:
    return [text for text in drawing.texts() if text.text]


def placed(drawing: Drawing) -> list[tuple[Box, tuple[Text, ...]]]:
    """Every frame and card: where it lies and what it says."""
    frames = [(frame.box, frame.texts) for frame in drawing.frames]
    return [*frames, *((card.box, card.texts) for card in drawing.cards)]


def segments(route: Route) -> list[Segment]:
    return [(start, end) for start, end in pairwise(route.points) if start != end]


def box_of(segment: Segment) -> Box:
    (x, y), (right, bottom) = segment
    return Box(min(x, right), min(y, bottom), abs(x - right), abs(y - bottom))


def crosses(segment: Segment, box: Box) -> bool:
    """Whether a line enters a box, its edges aside."""
    line = box_of(segment)
    return (
        line.x < box.right - SLACK
        and line.right > box.x + SLACK
        and line.y < box.bottom - SLACK
        and line.bottom > box.y + SLACK
    )


@drawn
@given(pictures())
def test_no_text_lies_on_another(picture: Picture) -> None:
    drawing = draw(picture)

    found = [(one.text, other.text) for one, other in combinations(texts(drawing), 2) if one.box.overlaps(other.box)]
    assert found == []


@drawn
@given(pictures())
def test_every_text_lies_inside_its_card_frame_and_picture(picture: Picture) -> None:
    drawing = draw(picture)

    outside = [text.text for box, lines in placed(drawing) for text in lines if not box.holds(text.box)]
    assert outside == []
    assert [text.text for text in texts(drawing) if not drawing.box.holds(text.box)] == []


@drawn
@given(pictures())
def test_cards_lie_beside_one_another_and_frames_around_them(picture: Picture) -> None:
    drawing = draw(picture)

    cards = [card.box for card in drawing.cards]
    assert [pair for pair in combinations(cards, 2) if pair[0].overlaps(pair[1])] == []
    for box in cards:
        assert all(frame.box.holds(box) or not frame.box.overlaps(box) for frame in drawing.frames)


@drawn
@given(pictures())
def test_no_line_crosses_a_card(picture: Picture) -> None:
    drawing = draw(picture)

    found = [
        (route.edge.label, placed_card.card.key)
        for route in drawing.routes
        for segment in segments(route)
        for placed_card in drawing.cards
        if crosses(segment, placed_card.box)
    ]
    assert found == []


@drawn
@given(pictures())
def test_no_line_crosses_a_text_of_the_picture(picture: Picture) -> None:
    drawing = draw(picture)
    written = [text for _, lines in placed(drawing) for text in lines]

    found = [
        (route.edge.label, text.text)
        for route in drawing.routes
        for segment in segments(route)
        for text in (*written, *drawing.header)
        if text.text and crosses(segment, text.box)
    ]
    assert found == []


@drawn
@given(pictures())
def test_no_two_lines_lie_on_one_another(picture: Picture) -> None:
    drawing = draw(picture)
    lines = [segment for route in drawing.routes for segment in segments(route)]

    found = []
    for one, other in combinations(lines, 2):
        first, second = box_of(one), box_of(other)
        along_x = first.height == second.height == 0 and first.y == second.y
        along_y = first.width == second.width == 0 and first.x == second.x
        shared_x = min(first.right, second.right) - max(first.x, second.x)
        shared_y = min(first.bottom, second.bottom) - max(first.y, second.y)
        if (along_x and shared_x > SLACK) or (along_y and shared_y > SLACK):
            found.append((one, other))
    assert found == []


@drawn
@given(pictures())
def test_no_number_lies_on_another(picture: Picture) -> None:
    badges = [badge.box for route in draw(picture).routes for badge in route.badges]

    assert [pair for pair in combinations(badges, 2) if pair[0].overlaps(pair[1])] == []


@drawn
@given(pictures())
def test_every_line_joins_the_edges_of_its_cards(picture: Picture) -> None:
    drawing = draw(picture)
    boxes = {each.card.key: each.box for each in drawing.cards}

    for route in drawing.routes:
        for key, (x, y) in ((route.edge.source, route.points[0]), (route.edge.sink, route.points[-1])):
            assert x in (boxes[key].x, boxes[key].right)
            assert boxes[key].y < y < boxes[key].bottom


@drawn
@given(pictures())
def test_every_flow_is_drawn_or_said_to_stay_within(picture: Picture) -> None:
    drawing = draw(picture)

    within = [edge for edge in picture.edges() if edge.source == edge.sink]
    written = [text.text for card in drawing.cards for text in card.texts]
    assert [edge.label for edge in within if f"within: {edge.label}" not in written] == []
    assert len(drawing.routes) == len(picture.edges()) - len(within)
