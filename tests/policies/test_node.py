"""Reading a resource never mistakes an unknown for an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.node import MalformedError, Node
from policies.outcomes import Finding, Undecided
from policies.path import Path
from policies.values import UNKNOWN, Secret, shown


def test_a_path_is_written_as_a_reader_would() -> None:
    path = Path() / "spec" / "template" / "containers" / 0 / "env" / 11 / "value"

    assert str(path) == "spec.template.containers[0].env[11].value"
    assert path.pattern == "spec.template.containers[*].env[*].value"
    assert str(Path() / "metadata" / "labels" / "falaj.dev/owner") == 'metadata.labels["falaj.dev/owner"]'
    assert str(Path() / 0 / "a") == "[0].a"


@given(st.lists(st.text() | st.integers(0, 99), max_size=5), st.lists(st.text() | st.integers(0, 99), max_size=5))
def test_two_paths_are_never_written_alike(first: list[str | int], second: list[str | int]) -> None:
    assert (str(Path(tuple(first))) == str(Path(tuple(second)))) == (first == second)


def test_members_of_nothing_are_nothing() -> None:
    assert Node({})["spec"]["template"].value is None
    assert list(Node({})["containers"].items()) == []


def test_members_of_an_unknown_are_unknown_and_say_since_where() -> None:
    containers = Node({"spec": UNKNOWN})["spec"]["containers"]

    (element,) = containers.items()
    assert list(element["image"].must(bool, "anything")) == [Undecided(at=Path(("spec",)))]


def test_a_value_with_an_unknown_inside_is_not_known() -> None:
    node = Node({"drop": ["ALL", {"x": [UNKNOWN]}]})["drop"]

    assert not node.known
    assert list(node.must(lambda _: True, "anything")) == [Undecided(at=Path(("drop",)))]


def test_must_finds_what_is_not_allowed() -> None:
    node = Node({"replicas": 1})["replicas"]

    assert list(node.must(lambda value: value == 1, "one")) == []
    assert list(node.must(lambda value: value == 2, "two")) == [Finding(Path(("replicas",)), "1", "two")]


@pytest.mark.parametrize(
    ("own", "other", "taken"),
    [(None, True, True), (False, True, False), (UNKNOWN, True, UNKNOWN), (None, UNKNOWN, UNKNOWN), (None, None, None)],
)
def test_or_else_takes_the_other_only_where_there_is_nothing(own: object, other: object, taken: object) -> None:
    assert Node(own).or_else(Node(other)).value is taken


def test_a_value_of_the_wrong_shape_is_named() -> None:
    with pytest.raises(MalformedError, match=r"^spec: found text, expected named properties$"):
        _ = Node({"spec": "text"})["spec"]["containers"]
    with pytest.raises(MalformedError, match=r"^spec: found 3, expected a list$"):
        list(Node({"spec": 3})["spec"].items())


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "nothing"),
        ("", '""'),
        ("two\nlines", '"two\\nlines"'),
        (True, "true"),
        ({"a": [1, UNKNOWN]}, '{"a": [1, "unknown"]}'),
        (Secret("sesame"), "[secret]"),
        ({"a": Secret("sesame")}, '{"a": "[secret]"}'),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_a_value_is_shown_in_one_short_line(value: object, line: str) -> None:
    assert shown(value) == line


def test_a_secret_is_never_cut_in_the_middle() -> None:
    assert "sesame" not in shown(["x" * 150, Secret("sesame" * 20)])
