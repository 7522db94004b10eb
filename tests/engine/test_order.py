"""URNs, property paths and the order in which resources stand in the state and leave it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from falaj.engine import property_path, urn
from falaj.engine.deletion import dependents_of, waves
from falaj.engine.resource_state import ResourceState
from falaj.engine.state_store import integrity_problem
from falaj.engine.values import PropertyMap, Secret, Value

Properties = dict[str, Value]


def state(name: str, *dependencies: str, pending_deletion: bool = False) -> ResourceState:
    made = ResourceState(urn=name, type="a:b:C", custom=True, id=name, dependencies=list(dependencies))
    made.pending_deletion = pending_deletion
    return made


@st.composite
def states_in_order(draw: st.DrawFn) -> list[ResourceState]:
    """Resources, each depending on some of those before it, as parent, dependency or provider."""
    made: list[ResourceState] = []
    for index in range(draw(st.integers(1, 12))):
        earlier = [item.urn for item in made]
        picked: list[str] = []
        if earlier:
            picked = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3))
        item = state(f"r{index}", *picked[1:])
        item.parent = picked[0] if picked else ""
        provider = draw(st.sampled_from(["", *earlier]))
        if provider:
            item.provider = f"{provider}::{provider}"
        made.append(item)
    return made


@settings(deadline=None)
@given(states_in_order())
def test_dependents_leave_before_what_they_depend_on(states: list[ResourceState]) -> None:
    assert integrity_problem(states) == ""

    order = [item.urn for group in waves(states) for item in group]

    assert sorted(order) == sorted(item.urn for item in states)
    for item in states:
        for needed in item.depends_on():
            assert order.index(item.urn) < order.index(needed)


@settings(deadline=None)
@given(states_in_order())
def test_a_state_in_the_wrong_order_is_noticed(states: list[ResourceState]) -> None:
    backwards = states[::-1]

    assert bool(integrity_problem(backwards)) == any(item.depends_on() for item in states)


@settings(deadline=None)
@given(states_in_order())
def test_what_is_left_after_each_wave_is_still_a_state(states: list[ResourceState]) -> None:
    left = list(states)
    for group in waves(states):
        gone = {item.urn for item in group}
        left = [item for item in left if item.urn not in gone]
        assert integrity_problem(left) == ""


def test_dependents_are_found_through_others() -> None:
    states = [state("a"), state("b", "a"), state("c"), state("d", "b")]

    assert [item.urn for item in dependents_of(states[0], states)] == ["b", "d"]


def test_an_old_copy_may_stand_beside_its_replacement() -> None:
    assert integrity_problem([state("a"), state("a", pending_deletion=True)]) == ""
    assert integrity_problem([state("a"), state("a")]) == "a is there twice"


def test_urns_are_written_as_pulumi_does() -> None:
    stack = urn.make("dev", "demo", "", urn.ROOT_STACK_TYPE, "demo-dev")
    outer = urn.make("dev", "demo", stack, "x:index:Outer", "o")
    inner = urn.make("dev", "demo", outer, "x:index:Inner", "i")
    leaf = urn.make("dev", "demo", inner, "kubernetes:core/v1:Pod", "a::b")

    assert outer == "urn:pulumi:dev::demo::x:index:Outer::o"
    assert leaf == "urn:pulumi:dev::demo::x:index:Outer$x:index:Inner$kubernetes:core/v1:Pod::a::b"
    assert (urn.type_of(leaf), urn.name_of(leaf)) == ("kubernetes:core/v1:Pod", "a::b")
    assert urn.is_valid(leaf)
    assert not urn.is_valid("urn:pulumi:dev::demo")


@pytest.mark.parametrize(
    ("name", "is_default"), [("default", True), ("default_4_34_2", True), ("mine", False), ("defaulted", False)]
)
def test_default_providers_are_known_by_name(name: str, is_default: bool) -> None:
    provider = urn.make("dev", "demo", "", "pulumi:providers:kubernetes", name)

    assert urn.is_default_provider(provider) is is_default
    assert urn.provider_package(provider) == "kubernetes"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["x.y"][*].*', ("a", "x.y", "*", "*")),
        ('["root key"].nested', ("root key", "nested")),
        (r'a["q\"q"]', ("a", 'q"q')),
    ],
)
def test_property_paths_are_read(text: str, path: tuple[str | int, ...]) -> None:
    assert property_path.parse(text) == path


@pytest.mark.parametrize("text", ["a[", "a[x]", 'a["b]'])
def test_what_is_no_property_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a property path"):
        property_path.parse(text)


def test_a_path_contains_what_lies_below_it() -> None:
    path = property_path.parse("a[*].b")

    assert property_path.contains(path, property_path.parse("a[3].b.c"))
    assert not property_path.contains(path, property_path.parse("a[3]"))
    assert not property_path.contains(path, property_path.parse("a[3].c"))


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("a", {"a": 1}, {"a": 2, "b": 3}, {"a": 1, "b": 3}),
        ("a", {}, {"a": 2}, {}),
        ("a", {"a": 1}, {}, {"a": 1}),
        ("a.b", {"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, {"a": {"b": 1, "c": 2}}),
        ("a[1]", {"a": [1, 1]}, {"a": [2, 2]}, {"a": [2, 1]}),
        ("a[*].b", {"a": [{"b": 1}, {"b": 1}]}, {"a": [{"b": 2}, {"b": 3}]}, {"a": [{"b": 1}, {"b": 1}]}),
        ("a.b", {"a": {"b": 1}}, {"a": Secret({"b": 2})}, {"a": Secret({"b": 1})}),
    ],
)
def test_an_ignored_path_keeps_its_old_value(
    path: str, old: dict[str, Value], new: dict[str, Value], expected: dict[str, Value]
) -> None:
    assert property_path.reset(property_path.parse(path), PropertyMap(old), PropertyMap(new)) == (expected, True)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [("a[2]", {"a": [1, 1]}, {"a": [2, 2]}), ("a[*].b", {"a": []}, {"a": [{"b": 1}]}), ("a.b.c", {}, {"a": {"b": {}}})],
)
def test_a_path_through_added_or_removed_elements_can_not_be_ignored(
    path: str, old: dict[str, Value], new: dict[str, Value]
) -> None:
    changed, done = property_path.reset(property_path.parse(path), PropertyMap(old), PropertyMap(new))

    assert (changed, done) == (new, False)
