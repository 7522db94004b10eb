"""The picture of movements: everything in its place, nothing over anything, what is wrong said beside it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.controls import named
from policies.examples.kubernetes import component, data_flow
from policies.judgement import judge
from policies.readers.source import Source, SourceKind
from policies.residency.arrows import Arrow, arrow, merged
from policies.residency.captions import ARABIC, ENGLISH, Captions
from policies.residency.colours import DARK, LIGHT, Palette
from policies.residency.lettering import shortened, width, wrapped
from policies.residency.picture import GUTTER, MARGIN, SENDERS, SHEET, arrows_of, draw, picture, pictures
from policies.residency.place import Place
from policies.residency.proof import Proof, walk
from policies.residency.receivers import ORDER
from policies.residency.shapes import Box, Drawing
from policies.stack import Stack
from policies.values import UNKNOWN

SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES = pytest.mark.parametrize("captions", [ENGLISH, ARABIC], ids=["en", "ar"])
NAMES = st.one_of(
    st.sampled_from(["clients", "gateway/traefik", "keys", "network/nodes", "falaj-certificates/cert-manager"]),
    st.text(min_size=1, max_size=90),
)


def moved(source: str = "clients", sink: str = "gateway", **changes: object) -> Arrow:
    made = arrow(
        source=source,
        sink=sink,
        place=Place.INSIDE,
        proof=Proof.ALLOWED,
        said=("https", "personal", None, "tls"),
        region="uaenorth",
        global_service=None,
        grounds=("uaenorth: onshore",),
        articles=(),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of an arrow


BROKEN = moved(
    sink="store",
    place=Place.ABROAD,
    proof=Proof.BROKEN,
    where="me-south-1",
    grounds=("found me-south-1 for store, expected a region in the UAE",),
    articles=("PDPL Art 22", "PDPL Art 23"),
)
OPEN = moved(source="gateway", sink="logs", place=Place.UNKNOWN, proof=Proof.UNKNOWN, where="", grounds=("not known",))
WAIVED = moved(source="gateway", proof=Proof.WAIVED, grounds=("found none",), articles=("UAE IA T4.2",))
FEW = (moved(), moved(), BROKEN, OPEN, WAIVED, moved(sink="aws/iam", place=Place.GLOBAL, where="aws-iam"))
MANY = tuple(
    moved(f"sender-{number % 17}", f"receiver-{number % 23}", details=f"https, class-{number}") for number in range(60)
)


@st.composite
def arrows(draw: st.DrawFn) -> Arrow:
    return arrow(
        source=draw(NAMES),
        sink=draw(NAMES),
        place=draw(st.sampled_from(list(Place))),
        proof=draw(st.sampled_from(list(Proof))),
        said=draw(st.lists(NAMES, max_size=3)),
        region=draw(NAMES),
        global_service=None,
        grounds=draw(st.lists(NAMES, max_size=3)),
        articles=draw(st.lists(NAMES, max_size=3)),
    )


def overlapping(boxes: list[Box]) -> list[tuple[Box, Box]]:
    return [(one, other) for number, one in enumerate(boxes) for other in boxes[number + 1 :] if one.overlaps(other)]


def assert_in_place(drawing: Drawing) -> None:
    cards = [card.box for card in drawing.cards]
    assert overlapping([text.box for text in drawing.lettering]) == []
    assert overlapping(cards) == []
    assert overlapping([frame.box for frame in drawing.frames]) == []
    for card in drawing.cards:
        assert all(card.box.holds(text.box) for text in card.texts), card
    gutter = Box(MARGIN + SENDERS, 0.0, GUTTER, drawing.box.height)
    assert not any(gutter.overlaps(card) for card in cards)
    lefts, rights = {card.x for card in cards}, {card.right for card in cards}
    for line in drawing.lines:
        assert line.start[0] in rights
        assert line.end[0] in lefts
        assert any(box.y < line.start[1] < box.bottom and box.right == line.start[0] for box in cards)
        assert any(box.y < line.end[1] < box.bottom and box.x == line.end[0] for box in cards)
    assert all(drawing.box.holds(each) for each in (*cards, *(text.box for text in drawing.lettering)))


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 - our own


def texts(markup: str) -> list[str]:
    return ["".join(each.itertext()) for each in parsed(markup).iter(f"{SVG}text")]


@LANGUAGES
@pytest.mark.parametrize("given_", [(), FEW, MANY], ids=["none", "few", "sixty"])
def test_nothing_lies_over_anything(given_: tuple[Arrow, ...], captions: Captions) -> None:
    assert_in_place(draw(given_, captions))


@settings(max_examples=40, deadline=None)
@given(found=st.lists(arrows(), max_size=25), captions=st.sampled_from([ENGLISH, ARABIC]))
def test_nothing_lies_over_anything_whatever_the_names(found: list[Arrow], captions: Captions) -> None:
    assert_in_place(draw(found, captions))


def test_every_movement_has_a_line_and_those_that_say_the_same_share_one() -> None:
    assert len(draw(MANY).lines) == 60
    assert [each.count for each in merged(FEW)] == [2, 1, 1, 1, 1]
    assert "https, personal, tls, 2 times" in texts(picture(FEW))


def test_receivers_stand_in_the_frame_of_their_place_what_is_abroad_first() -> None:
    drawing = draw(FEW)

    assert [frame.place for frame in drawing.frames] == list(ORDER)
    for frame in drawing.frames:
        held = [card for card in drawing.cards if frame.box.holds(card.box)]
        assert held
        assert {card.place for card in held} == {frame.place}


def test_a_sender_says_where_it_stands_as_far_as_it_is_known() -> None:
    senders = {card.tooltip: card for card in draw(FEW).cards if card.striped}

    assert {name: card.place for name, card in senders.items()} == {"clients": None, "gateway": Place.INSIDE}
    assert senders["clients"].texts[-1].text == "Place not stated"
    assert senders["gateway"].texts[-1].text == "Inside the UAE"


def test_a_broken_movement_is_red_and_says_why_beside_it() -> None:
    drawing = draw(FEW)
    (line,) = [line for line in drawing.lines if line.proof is Proof.BROKEN]
    (card,) = [card for card in drawing.cards if card.place is Place.ABROAD]

    said = [text for text in card.texts if text.proof is Proof.BROKEN]
    assert [text.text for text in said] == [
        "broken",
        "found me-south-1 for store, expected a region in the UAE",
        "forbidden by",
        "PDPL Art 22, PDPL Art 23",
    ]
    assert all(line.end[1] - 12 < text.y < card.box.bottom for text in said)
    assert ".movements .broken .shaft{stroke:#b3261e}" in picture(FEW)
    assert drawing.lines[-1] is line


def test_an_unknown_movement_is_dashed_and_a_waived_one_amber() -> None:
    shafts = {
        group.attrib["class"]: [path.get("stroke-dasharray") for path in group if path.get("class") == "shaft"]
        for group in parsed(picture(FEW)).iter(f"{SVG}g")
        if group.attrib.get("class", "").startswith("arrow")
    }

    assert shafts == {
        "arrow allowed": [None],
        "arrow broken": [None],
        "arrow unknown": ["5 4"],
        "arrow waived": [None],
    }
    assert ".movements .waived .shaft{stroke:#8a5300}" in picture(FEW)


def test_an_allowed_movement_says_no_reasons_for_they_would_hide_the_others() -> None:
    assert "uaenorth: onshore" not in " ".join(texts(picture(FEW)))


@LANGUAGES
@pytest.mark.parametrize("given_", [(), FEW, MANY], ids=["none", "few", "sixty"])
def test_the_picture_is_well_formed_and_refers_to_nothing(given_: tuple[Arrow, ...], captions: Captions) -> None:
    markup = picture(given_, captions)
    root = parsed(markup)

    assert root.tag == f"{SVG}svg"
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg",
        "title",
        "style",
        "rect",
        "text",
        "g",
        "path",
    }
    assert re.findall(r"https?://[^\"]+", markup) == ["http://www.w3.org/2000/svg"]
    assert re.findall(r"url\(|@import|href|\bid=", markup) == []
    assert captions.title in texts(markup)
    assert picture(given_, captions) == markup


def test_names_stay_names() -> None:
    trap = "</text><script>\u202e\x00'\""
    markup = picture([moved(trap, trap, where=trap, details=trap, proof=Proof.BROKEN, grounds=(trap,))])

    parsed(markup)
    assert "<script" not in markup
    assert "\u202e" not in markup


def test_arabic_captions_are_written_from_the_right_and_names_are_not() -> None:
    marked = {
        "".join(each.itertext()): each.get("direction") for each in parsed(picture(FEW, ARABIC)).iter(f"{SVG}text")
    }

    assert marked["داخل دولة الإمارات"] == "rtl"
    assert marked["إلى أين تذهب البيانات"] == "rtl"
    assert marked["gateway"] is None
    assert set(marked) >= {"مخالِفة", "تمنعه", "PDPL Art 22, PDPL Art 23"}


def test_parts_hold_every_movement_once_and_fit_on_a_sheet() -> None:
    parts = pictures(MANY)
    heights = [float(parsed(part).attrib["height"]) for part in parts]
    ends = [line for part in parts for line in parsed(part).iter(f"{SVG}path") if line.get("class") == "tip"]

    assert len(parts) == 2
    assert max(heights) <= SHEET
    assert len(ends) == 60
    assert pictures(()) == ()


def test_a_part_knows_of_places_that_another_part_shows() -> None:
    there = moved(source="gateway", sink="logs")
    apart = pictures([moved(sink="gateway"), there], tallest=1.0)

    assert [texts(part).count("Place not stated") for part in apart] == [1, 0]
    assert draw([there]).cards[0].place is None
    assert draw([there], among=[moved(sink="gateway")]).cards[0].place is Place.INSIDE


def test_both_languages_have_a_word_for_everything() -> None:
    for captions in (ENGLISH, ARABIC):
        assert set(captions.places) == set(Place)
        assert set(captions.proofs) == set(Proof)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_is_seen_on_its_ground(palette: Palette) -> None:
    grounds = [palette.paper, palette.card, *(fill for fill, _ in palette.frames.values())]

    assert all(contrast(palette.ink, ground) >= 4.5 for ground in grounds)
    assert contrast(palette.muted, palette.card) >= 4.5
    assert contrast(palette.muted, palette.paper) >= 4.5
    assert all(contrast(colour, palette.card) >= 4.5 for colour in palette.proofs.values())


def test_the_dark_is_for_screens_alone() -> None:
    assert "@media screen and (prefers-color-scheme:dark){" in picture(FEW)


@given(st.text(max_size=60), st.floats(min_value=40, max_value=400))
def test_text_is_wrapped_and_shortened_to_its_room(text: str, room: float) -> None:
    assert all(width(line, 11.0) <= room or len(line) == 1 for line in wrapped(text, 11.0, room))
    assert width(shortened(text, 11.0, room), 11.0) <= room
    assert "".join("".join(wrapped(text, 11.0, room)).split()) == "".join(text.split())


def test_arrows_are_made_of_proven_movements() -> None:
    declared = component([data_flow(), data_flow(sink="abroad", region="me-south-1"), data_flow(region=UNKNOWN)])
    judgement = judge(Source(SourceKind.PREVIEW, "a stack", (declared,)), named("RES-021"), today=date(2026, 11, 22))

    found = arrows_of(walk(judgement), Stack())

    assert [(each.sink, each.place, each.proof, each.where) for each in found] == [
        ("abroad", Place.ABROAD, Proof.BROKEN, "me-south-1"),
        ("gateway/traefik", Place.INSIDE, Proof.ALLOWED, "uaenorth"),
        ("gateway/traefik", Place.UNKNOWN, Proof.UNKNOWN, ""),
    ]
    assert found[1].details == "https, personal, tls"
    assert found[1].grounds == ()
    assert found[0].articles[0] == "PDPL Art 22"
