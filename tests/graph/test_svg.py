from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from falaj.catalog.data_flows import DataClass, Encryption
from falaj.graph import svg
from falaj.graph.palette import DARK, DASHES, LIGHT, Palette
from falaj.graph.picture import SENSITIVITY, WEAKNESS, Card, Edge, Frame, Look, Picture
from tests.graph.pictures import flow

SVG = "{http://www.w3.org/2000/svg}"
READABLE, VISIBLE = 4.5, 3.0
"""WCAG 2.2: least contrast of text, and of what is no text."""

HOME = Picture(
    title="aws-me-central-1-prod",
    facts=("12 resources, 3 of them protected.",),
    outside=Frame("Outside the region", Look.OUTSIDE, (Card("clients", "Clients <of> & all", Look.OUTSIDE),)),
    region="Middle East (UAE), me-central-1, AE",
    platform=Frame("Cluster", Look.CLUSTER, (Card("gateway", "Gateway", Look.WORKLOAD, tooltip="2 Deployments"),)),
    services=Frame("Services of the region", Look.REGION, (Card("logs", "Logs", Look.SERVICE),)),
    flows=(
        flow(1, "clients", "gateway", data_class=DataClass.HEALTH),
        flow(2, "gateway", "gateway", encryption=Encryption.NODE),
        flow(3, "gateway", "logs", encryption=Encryption.NONE),
        flow(4, "clients", "logs"),
    ),
)


def root(picture: Picture = HOME) -> ET.Element:
    return ET.fromstring(svg(picture))  # noqa: S314 - written by us


def written(picture: Picture = HOME) -> list[str]:
    return [str(text.text) for text in root(picture).iter(f"{SVG}text")]


def test_every_title_is_real_text() -> None:
    found = written()

    for expected in ("aws-me-central-1-prod", "Clients <of> & all", "Gateway", "Logs", "within: 2", "health data"):
        assert expected in found


def test_the_number_of_a_flow_stands_at_both_ends_and_in_the_table() -> None:
    assert [written().count(number) for number in "1234"] == [3, 1, 3, 3]


def test_the_file_needs_nothing_but_itself() -> None:
    names = {element.tag.removeprefix(SVG) for element in root().iter()}
    text = svg(HOME).replace("http://www.w3.org/2000/svg", "")

    assert names == {"svg", "title", "desc", "style", "rect", "text", "g", "path"}
    assert re.findall(r"https?:|url\(|@import|href", text) == []


def test_the_same_picture_is_the_same_file() -> None:
    assert svg(HOME) == svg(HOME)


def test_what_nothing_protects_is_drawn_broken_and_said() -> None:
    assert "unprotected" in written()
    assert f'stroke-dasharray="{DASHES[Encryption.NONE]}"' in svg(HOME)


def test_a_stack_without_flows_says_so() -> None:
    bare = Picture(HOME.title, HOME.facts, HOME.outside, HOME.region, HOME.platform, HOME.services, ())

    assert "No component of this stack declares a data flow." in written(bare)


def test_a_line_shows_its_most_sensitive_data_and_its_weakest_protection() -> None:
    several = (
        flow(1, "a", "b", data_class=DataClass.PUBLIC, encryption=Encryption.MUTUAL_TLS),
        flow(2, "a", "b", data_class=DataClass.GOVERNMENT, encryption=Encryption.TLS),
        flow(3, "a", "b", data_class=DataClass.HEALTH, encryption=Encryption.CLUSTER_NETWORK),
    )

    edge = Edge("a", "b", several)

    assert (edge.label, edge.data_class, edge.encryption) == ("1-3", DataClass.GOVERNMENT, Encryption.CLUSTER_NETWORK)


def test_every_word_of_the_vocabulary_has_its_place_and_look() -> None:
    assert {*SENSITIVITY} == {*DataClass}
    assert {*WEAKNESS} == {*DASHES} == {*Encryption}
    for palette in (LIGHT, DARK):
        assert {*palette.data} == {*DataClass}
        assert {*palette.fills} == {*palette.strokes} == {*Look}


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_is_readable_on_every_ground(palette: Palette) -> None:
    grounds = [palette.paper, palette.card, *palette.fills.values()]

    pale = [
        (ink, ground) for ink in (palette.ink, palette.muted) for ground in grounds if contrast(ink, ground) < READABLE
    ]
    assert pale == []
    assert [colour for colour in palette.data.values() if contrast(colour, palette.on_data) < READABLE] == []


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_lines_and_edges_are_visible_on_every_ground(palette: Palette) -> None:
    grounds = [palette.paper, *palette.fills.values()]

    faint = [(line, ground) for line in palette.data.values() for ground in grounds if contrast(line, ground) < VISIBLE]
    assert faint == []
    assert [look for look, edge in palette.strokes.items() if contrast(edge, palette.card) < VISIBLE] == []
