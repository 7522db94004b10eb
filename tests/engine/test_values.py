"""Values keep their meaning on the wire and in the state file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st

from falaj.engine.passphrase import StackSecrets
from falaj.engine.resource_state import value_from_json, value_to_json
from falaj.engine.values import (
    MASK,
    UNKNOWN,
    OutputValue,
    PropertyMap,
    ResourceReference,
    Secret,
    Value,
    contains_secret,
    contains_unknown,
    dependencies_of,
    downgrade_properties,
    keep_secrecy,
    plain,
    reveal,
)
from falaj.engine.wire import decode, encode
from falaj.errors import DeploymentError

SIGNATURE = "4dabf18193072939515e22adb298388d"
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False).filter(lambda number: not (number.is_integer() and abs(number) < 2**53))
    | st.text(st.characters(codec="utf-8"), max_size=12)
)
REFERENCES = st.builds(ResourceReference, urn=NAMES, id=st.none() | NAMES, package_version=NAMES)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of any depth."""
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
    )


STATE_VALUES = nested(PLAIN | REFERENCES | st.just(UNKNOWN) | nested(PLAIN).map(Secret))
WIRE_VALUES = nested(
    PLAIN
    | REFERENCES
    | st.just(UNKNOWN)
    | nested(PLAIN).map(Secret)
    | st.builds(
        OutputValue,
        value=nested(PLAIN) | st.just(UNKNOWN),
        secret=st.booleans(),
        dependencies=st.lists(NAMES, max_size=2).map(tuple),
    )
)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> StackSecrets:
    return StackSecrets("", tmp_path_factory.mktemp("state"), "a test")


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(NAMES, WIRE_VALUES, max_size=5))
def test_the_wire_gives_back_what_it_was_given(properties: dict[str, Value]) -> None:
    sent = encode(PropertyMap(properties))

    received = Struct.FromString(sent.SerializeToString())

    assert decode(received) == properties


@settings(deadline=None, max_examples=60)
@given(value=STATE_VALUES)
def test_the_state_file_gives_back_what_it_was_given(value: Value, secrets: StackSecrets) -> None:
    text = json.dumps(value_to_json(value, secrets))

    assert value_from_json(json.loads(text), secrets) == value


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(NAMES, STATE_VALUES, max_size=5))
def test_a_receiver_of_plain_values_sees_no_secret_marks(properties: dict[str, Value]) -> None:
    received = decode(Struct.FromString(encode(PropertyMap(properties), secrets=False).SerializeToString()))

    assert not contains_secret(received)
    assert reveal(received) == reveal(properties)


def test_an_unchanged_secret_keeps_its_ciphertext(secrets: StackSecrets) -> None:
    first = value_to_json(Secret("pearl"), secrets)

    again = value_to_json(value_from_json(first, secrets), secrets)

    assert again == first
    assert value_to_json(Secret("pearl"), secrets) != first


def test_plain_masks_secrets_and_leaves_unknowns_out() -> None:
    value: Value = {
        "open": 1,
        "hidden": Secret({"a": "b"}),
        "later": UNKNOWN,
        "thing": ResourceReference("urn:x", "id-1"),
    }

    assert plain(value) == {"open": 1, "hidden": MASK, "later": None, "thing": "id-1"}
    assert plain(value, show_secrets=True)["hidden"] == {"a": "b"}


def test_a_secret_never_shows_itself() -> None:
    assert repr({"password": Secret("pearl")}) == "{'password': Secret([secret])}"


def test_output_values_are_downgraded_and_their_origin_is_kept_apart() -> None:
    values: dict[str, Value] = {
        "a": OutputValue("x", secret=True, dependencies=("urn:1",)),
        "b": [OutputValue(UNKNOWN, dependencies=("urn:2",))],
    }

    assert downgrade_properties(PropertyMap(values)) == {"a": Secret("x"), "b": [UNKNOWN]}
    assert dependencies_of(values) == {"urn:1", "urn:2"}
    unchanged = PropertyMap({"a": Secret("x")})
    assert downgrade_properties(unchanged) is unchanged


def test_a_provider_that_drops_secrecy_gets_it_put_back() -> None:
    inputs: dict[str, Value] = {"token": Secret("t"), "nested": {"key": Secret("k"), "open": 1}, "open": 2}
    outputs: dict[str, Value] = {"token": "t", "nested": {"key": "k", "open": 1}, "open": 2, "made": 3}

    assert keep_secrecy(PropertyMap(outputs), PropertyMap(inputs)) == {
        "token": Secret("t"),
        "nested": {"key": Secret("k"), "open": 1},
        "open": 2,
        "made": 3,
    }


def test_unknowns_are_found_inside_secrets() -> None:
    assert contains_unknown({"a": [Secret({"b": UNKNOWN})]})
    assert not contains_unknown({"a": [Secret({"b": 1})]})


def test_an_asset_is_refused_by_name(tmp_path: Path) -> None:
    struct = Struct()
    struct.update({"code": {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}})

    with pytest.raises(DeploymentError) as caught:
        decode(struct, "resource f (x:y:Function)")

    assert str(caught.value) == (
        "FAL-ENG-301  resource f (x:y:Function), property code\n"
        "  The value is an asset, which the embedded engine does not carry yet.\n"
        "  Next: Pass the content as a string, or run this stack with the Pulumi CLI (`pulumi up`)."
    )
    with pytest.raises(DeploymentError, match="of the kind 0def7320c3a5731c473e5ecbe6d01bc7"):
        value_from_json({SIGNATURE: "0def7320c3a5731c473e5ecbe6d01bc7"}, StackSecrets("", tmp_path, "x"))
