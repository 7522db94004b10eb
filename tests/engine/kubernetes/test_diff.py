"""The comparison of inputs: exact paths, nothing where nothing changed, replacement where Kubernetes refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.engine.kubernetes.diff import Change, ChangeKind, compare, ignore, read_path, write_path
from falaj.engine.kubernetes.immutable import Immutable, immutable
from falaj.engine.kubernetes.kinds import GroupKind
from falaj.engine.kubernetes.values import Json

NOTHING = Immutable(())
KEYS = st.text(st.characters(codec="ascii", exclude_characters="\x00"), min_size=1, max_size=12)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(KEYS, TREES, max_size=4)
PATHS = st.lists(KEYS.filter(lambda key: key != "*") | st.integers(0, 99), min_size=1, max_size=5).map(tuple)


def changed(old: dict[str, Any], new: dict[str, Any], rules: Immutable = NOTHING) -> dict[str, str]:
    return {
        change.text: change.kind.value + (" replace" if change.replaces else "") for change in compare(old, new, rules)
    }


@given(OBJECTS)
def test_nothing_differs_from_itself(tree: dict[str, Any]) -> None:
    assert compare(tree, tree, NOTHING) == []


@given(OBJECTS, OBJECTS)
def test_there_and_back_are_mirror_images(old: dict[str, Any], new: dict[str, Any]) -> None:
    mirrored = {ChangeKind.ADD: ChangeKind.DELETE, ChangeKind.DELETE: ChangeKind.ADD}
    there = {(change.path, change.kind) for change in compare(old, new, NOTHING)}
    back = {(change.path, mirrored.get(change.kind, change.kind)) for change in compare(new, old, NOTHING)}
    assert there == back


@given(OBJECTS, OBJECTS)
def test_a_difference_is_found_exactly_when_there_is_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    def typed(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: typed(item) for name, item in value.items()}
        return [typed(item) for item in value] if isinstance(value, list) else (isinstance(value, bool), value)

    assert bool(compare(old, new, NOTHING)) == (typed(old) != typed(new))


@given(PATHS)
def test_a_path_reads_back_as_it_was_written(path: tuple[str | int, ...]) -> None:
    if isinstance(path[0], int):
        path = ("items", *path)
    assert read_path(write_path(path)) == path


def test_paths_are_exact() -> None:
    old = {"spec": {"ports": [{"port": 80}, {"port": 81}], "a.b/c": 1, "gone": {"deep": 1}}}
    new = {"spec": {"ports": [{"port": 80}, {"port": 82}, {"port": 83}], "a.b/c": 2}, "data": {"x": 1}}
    assert changed(old, new) == {
        "data": "add",
        "spec.ports[1].port": "update",
        "spec.ports[2]": "add",
        'spec["a.b/c"]': "update",
        "spec.gone": "delete",
    }


def test_whole_numbers_are_the_same_however_they_are_written() -> None:
    assert changed({"a": 1}, {"a": 1.0}) == {}
    assert changed({"a": 1}, {"a": True}) == {"a": "update"}


def test_ignored_paths_and_what_lies_below_them_are_left_out() -> None:
    changes = compare({"spec": {"replicas": 1, "a": [{"b": 1}]}}, {"spec": {"replicas": 2, "a": [{"b": 2}]}}, NOTHING)
    assert ignore(changes, ["spec.replicas"]) == [Change(("spec", "a", 0, "b"), ChangeKind.UPDATE)]
    assert ignore(changes, ["spec.a[*]", "spec.replicas"]) == []
    assert ignore(changes, ["spec"]) == []


def rules(group: str, kind: str, *, frozen: bool = False, mutable: bool = False) -> Immutable:
    return immutable(GroupKind(group, kind), frozen=frozen, secret_mutable=mutable, config_map_mutable=mutable)


@pytest.mark.parametrize(
    ("group", "kind", "path", "replaces"),
    [
        ("apps", "Deployment", ("spec", "selector", "matchLabels", "app"), True),
        ("apps", "Deployment", ("spec", "template", "spec", "containers", 0, "image"), False),
        ("apps", "StatefulSet", ("spec", "volumeClaimTemplates", 0), True),
        ("apps", "StatefulSet", ("spec", "replicas"), False),
        ("batch", "Job", ("spec", "template", "spec"), True),
        ("batch", "Job", ("spec", "parallelism"), False),
        ("", "Service", ("spec", "clusterIP"), True),
        ("", "Service", ("spec", "ports", 0), False),
        ("", "Pod", ("spec", "nodeName"), True),
        ("", "Pod", ("spec", "containers", 1, "image"), False),
        ("", "Pod", ("spec", "containers", 1, "command"), True),
        ("", "PersistentVolumeClaim", ("spec", "storageClassName"), True),
        ("", "PersistentVolumeClaim", ("spec", "resources", "requests", "storage"), False),
        ("storage.k8s.io", "StorageClass", ("provisioner",), True),
        ("storage.k8s.io", "StorageClass", ("allowVolumeExpansion",), False),
        ("rbac.authorization.k8s.io", "RoleBinding", ("roleRef", "name"), True),
        ("rbac.authorization.k8s.io", "RoleBinding", ("subjects", 0), False),
        ("apiextensions.k8s.io", "CustomResourceDefinition", ("spec", "scope"), True),
        ("apiextensions.k8s.io", "CustomResourceDefinition", ("spec", "versions", 0, "schema"), False),
        ("falaj.test", "Well", ("spec", "anything"), False),
        ("", "ConfigMap", ("data", "x"), True),
        ("", "ConfigMap", ("metadata", "labels", "x"), False),
        ("", "Secret", ("type",), True),
    ],
)
def test_what_kubernetes_never_changes_in_place_is_replaced(
    group: str, kind: str, path: tuple[str | int, ...], replaces: bool
) -> None:
    assert rules(group, kind).covers(path) is replaces


def test_a_parent_that_holds_an_immutable_field_replaces_too() -> None:
    assert changed({}, {"spec": {"selector": {}}}, rules("apps", "Deployment")) == {"spec": "add replace"}


def test_content_is_mutable_when_the_provider_says_so_and_the_object_does_not_object() -> None:
    assert not rules("", "ConfigMap", mutable=True).covers(("data", "x"))
    assert rules("", "ConfigMap", mutable=True, frozen=True).covers(("data", "x"))
    assert not rules("", "Secret", mutable=True).covers(("data", "x"))
    assert rules("", "Secret", mutable=True).covers(("type",))


def test_another_name_namespace_kind_or_group_is_another_object() -> None:
    old = {"apiVersion": "apps/v1", "kind": "A", "metadata": {"name": "a", "namespace": "n"}}
    new = {"apiVersion": "batch/v1", "kind": "B", "metadata": {"name": "b", "namespace": "m"}}
    assert changed(old, new) == {
        "apiVersion": "update replace",
        "kind": "update replace",
        "metadata.name": "update replace",
        "metadata.namespace": "update replace",
    }


def test_another_version_of_the_same_group_is_the_same_object() -> None:
    assert changed({"apiVersion": "apps/v1beta1"}, {"apiVersion": "apps/v1"}) == {"apiVersion": "update"}
