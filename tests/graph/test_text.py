from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.graph.text import width, wrapped

texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=120)


@pytest.mark.parametrize(
    ("text", "bold", "expected"), [("AV ", False, 16.88), ("AV ", True, 18.97), ("…", False, 10.0)]
)
def test_widths_are_those_of_the_widest_usual_font(text: str, bold: bool, expected: float) -> None:
    assert width(text, 10, bold=bold) == pytest.approx(expected)


@given(texts, st.sampled_from([60.0, 150.0, 400.0]))
def test_no_line_is_wider_than_its_room(text: str, room: float) -> None:
    assert [line for line in wrapped(text, 11, room) if width(line, 11) > room] == []


@given(texts, st.sampled_from([60.0, 150.0, 400.0]))
def test_wrapping_loses_no_letter(text: str, room: float) -> None:
    assert "".join("".join(wrapped(text, 11, room)).split()) == "".join(text.split())


def test_lines_break_after_spaces_and_punctuation() -> None:
    assert wrapped("falaj-gateway/traefik over TLS", 11, 85) == ("falaj-gateway/", "traefik over", "TLS")
