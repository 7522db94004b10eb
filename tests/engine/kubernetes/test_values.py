from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from falaj.engine.kubernetes.redaction import redact
from falaj.engine.kubernetes.values import (
    SECRET,
    SIGNATURE,
    UNKNOWN,
    decode,
    dig,
    encode,
    has_secret,
    has_unknown,
    is_secret,
    mark_secrets,
    reveal,
    secret,
    without_nulls,
)

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5) | st.floats(-10, 10)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), TREES, max_size=4))
def test_values_travel_unchanged(tree: dict[str, Any]) -> None:
    assert decode(encode(tree)) == tree


@given(st.dictionaries(st.text(), TREES, max_size=4))
def test_a_secret_opens_to_what_it_was(tree: dict[str, Any]) -> None:
    assert reveal({"deep": [secret(tree)]}) == {"deep": [tree]}
    assert secret(secret(tree)) == secret(tree)


def test_a_secret_is_in_pulumis_notation() -> None:
    assert secret("x") == {SIGNATURE: SECRET, "value": "x"}
    assert is_secret(secret("x"))
    assert has_secret({"a": [secret("x")]})
    assert not has_secret({"a": ["x"]})


def test_an_unknown_is_found_at_any_depth() -> None:
    assert has_unknown({"a": [secret({"b": UNKNOWN})]})
    assert not has_unknown({"a": ["b"], UNKNOWN: 1})


def test_nulls_of_objects_are_left_out_and_those_of_lists_stay() -> None:
    assert without_nulls({"a": None, "b": [None, {"c": None}]}) == {"b": [None, {}]}


def test_a_path_that_ends_early_gives_the_default() -> None:
    tree = {"a": [{"b": 0}], "n": None}
    assert dig(tree, "a", 0, "b") == 0
    assert dig(tree, "a", -1, "b") == 0
    assert dig(tree, "a", 1, "b", default="d") == "d"
    assert dig(tree, "n", default="d") == "d"
    assert dig(tree, "a", "b", default="d") == "d"


def test_secrecy_follows_fields_and_covers_whole_lists() -> None:
    outputs: dict[str, Any] = {"data": {"a": "1", "b": "2"}, "list": ["x", "y"], "more": 1}
    mark_secrets(outputs, {"data": {"a": secret("1")}, "list": ["x", secret("y")], "absent": secret("z")})
    assert outputs == {"data": {"a": secret("1"), "b": "2"}, "list": secret(["x", "y"]), "more": 1}


def test_secret_texts_are_kept_out_of_messages_in_any_encoding() -> None:
    tree = {"stringData": secret({"password": "hunter22"}), "data": {"token": secret("czNjcjN0LXRva2Vu")}}
    message = "hunter22 aHVudGVyMjI= czNjcjN0LXRva2Vu s3cr3t-token stays"
    assert redact(message, [tree]) == "[secret] [secret] [secret] [secret] stays"


def test_very_short_secrets_do_not_make_messages_unreadable() -> None:
    assert redact("a cat sat", [{"x": secret("a")}]) == "a cat sat"
