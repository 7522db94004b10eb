"""What comes over the wire is decoded once, and nothing special is lost on the way."""

from __future__ import annotations

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from policies.analyzer.wire import OUTPUT, SECRET, SIGNATURE, UNKNOWNS, decoded
from policies.values import REDACTED, UNKNOWN, Secret, shown


def struct(properties: dict[str, object]) -> Struct:
    return json_format.ParseDict(properties, Struct())


def secret(value: object) -> dict[str, object]:
    return {SIGNATURE: SECRET, "value": value}


def test_every_kind_of_unknown_is_unknown_also_inside_a_longer_text() -> None:
    properties = struct({"pure": list(UNKNOWNS), "mixed": f"https://{UNKNOWNS[0]}:443"})

    assert decoded(properties) == {"pure": [UNKNOWN] * len(UNKNOWNS), "mixed": UNKNOWN}


def test_whole_numbers_are_integers() -> None:
    plain = decoded(struct({"replicas": 3, "share": 0.5, "on": True, "none": None}))

    assert {name: repr(value) for name, value in plain.items()} == {
        "replicas": "3",
        "share": "0.5",
        "on": "True",
        "none": "None",
    }


def test_secret_text_can_be_read_but_not_shown() -> None:
    value = decoded(struct({"password": secret("sesame")}))["password"]

    assert isinstance(value, Secret)
    assert value == "sesame"
    assert value.alone
    assert (str(value), f"{value:>20}", repr(value), shown([value])) == (REDACTED, REDACTED, REDACTED, '["[secret]"]')


def test_text_inside_a_secret_map_is_secret_but_not_marked_alone() -> None:
    value = decoded(struct({"env": secret([{"name": "A", "value": "b", "size": 1}, secret("c")])}))["env"]

    assert value == [{"name": "A", "value": "b", "size": 1}, "c"]
    assert isinstance(value, list)
    assert [value[0]["value"].alone, value[1].alone] == [False, True]


def test_a_secret_that_is_not_known_is_unknown() -> None:
    assert decoded(struct({"password": secret(UNKNOWNS[0])})) == {"password": UNKNOWN}


def test_output_values_are_unwrapped() -> None:
    properties = struct(
        {
            "known": {SIGNATURE: OUTPUT, "value": "a", "dependencies": []},
            "hidden": {SIGNATURE: OUTPUT, "value": "b", "secret": True},
            "later": {SIGNATURE: OUTPUT},
        }
    )

    plain = decoded(properties)

    assert plain == {"known": "a", "hidden": "b", "later": UNKNOWN}
    assert isinstance(plain["hidden"], Secret)


def test_other_special_values_stay_as_they_are() -> None:
    asset: dict[str, object] = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "hello"}

    assert decoded(struct({"file": asset})) == {"file": asset}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    )
)
def test_plain_values_arrive_unchanged(value: object) -> None:
    assert decoded(struct({"value": value})) == {"value": value}
