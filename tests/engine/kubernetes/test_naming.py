from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from falaj.engine.kubernetes.naming import autoname, described, field_manager, identifier, split_identifier
from falaj.engine.kubernetes.values import secret

NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(NAMES, st.binary(min_size=1))
def test_the_same_seed_gives_the_same_name(prefix: str, seed: bytes) -> None:
    name = autoname(prefix, seed)
    assert name == autoname(prefix, seed)
    assert re.fullmatch(re.escape(prefix) + "-[0-9a-f]{8}", name)


def test_another_seed_gives_another_name() -> None:
    assert autoname("web", b"1") != autoname("web", b"2")


def test_without_a_seed_names_differ() -> None:
    assert autoname("web", b"") != autoname("web", b"")


@given(NAMES, NAMES | st.just(""))
def test_an_identifier_splits_into_what_it_was_made_of(name: str, namespace: str) -> None:
    live = {"metadata": {"name": name, **({"namespace": namespace} if namespace else {})}}
    assert split_identifier(identifier(live)) == (namespace, name)


def test_the_field_manager_is_of_the_resource_and_stays() -> None:
    first = field_manager("urn:1", {}, {})
    assert re.fullmatch("pulumi-kubernetes-[0-9a-f]{8}", first)
    assert field_manager("urn:1", {}, {}) == first
    assert field_manager("urn:2", {}, {}) != first
    assert field_manager("urn:1", {}, {"__fieldManager": "pulumi-kubernetes-12345678"}) == "pulumi-kubernetes-12345678"


def test_a_program_may_choose_the_field_manager() -> None:
    inputs = {"metadata": {"annotations": {"pulumi.com/patchFieldManager": "me"}}}
    assert field_manager("urn:1", inputs, {"__fieldManager": "other"}) == "me"


def test_an_object_is_named_for_a_person() -> None:
    assert described({"kind": "Pod", "metadata": {"namespace": "acme", "name": "a"}}) == "Pod acme/a"
    assert described({"kind": "Namespace", "metadata": secret({"name": "acme"})}) == "Namespace acme"
