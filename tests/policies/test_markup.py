"""Text from a plan stays text: in markup, in JSON, on a screen."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.markup import Markup, element, escaped, joined, raw
from policies.visible import json_text, visible


def test_a_child_that_is_no_markup_is_escaped_and_markup_is_kept() -> None:
    inner = element("b", {}, "1 < 2 & \"3\" '4'")

    assert element("p", {"class": "x"}, "<i>", inner) == (
        '<p class="x">&lt;i&gt;<b>1 &lt; 2 &amp; &quot;3&quot; &#x27;4&#x27;</b></p>'
    )
    assert isinstance(inner, Markup)
    assert joined(["<", raw("<br/>")], ", ") == "&lt;, <br/>"


def test_an_attribute_can_not_be_left_and_one_without_value_is_left_out() -> None:
    assert element("a", {"title": '"><script>', "x": None, "y": 1.50, "z": 2.0}) == (
        '<a title="&quot;&gt;&lt;script&gt;" y="1.5" z="2"></a>'
    )
    assert element("br", {}) == "<br/>"


@given(st.text())
def test_any_text_is_read_back_as_it_is_seen(text: str) -> None:
    found = ET.fromstring(element("p", {"title": text}, text))  # noqa: S314 - our own

    assert (found.text or "") == visible(text)
    assert found.get("title") == visible(text)


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_json_means_what_it_meant_and_shows_nothing_shapeless(text: str) -> None:
    found = json_text({"said": text})

    assert json.loads(found) == {"said": text}
    assert visible(found.replace("\n", "")) == found.replace("\n", "")
    found.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("\u2066", "\\u2066"),
        ("\x00\n\t\x7f", "\\u0000\\n\\t\\u007f"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("\u2028", "\\u2028"),
        ("قاعدة ünïcode …", "قاعدة ünïcode …"),
    ],
)
def test_what_has_no_shape_is_spelt_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert escaped(text) == shown
