"""The tests of secrets in CEL say what those of the plan say: on every name of a few parts, and on known keys."""

from __future__ import annotations

import re
from itertools import product

import pytest

from policies.workloads import secret_expressions
from policies.workloads.secret_text import LOOKS, named_like_a_secret

PARTS = ("", "_", "1", "A", "b", "DB", "KEY", "Key", "key", "apiKey", "Tokens", "TOKEN", "File", "FILE", "id", "x")
NAMED, HARMLESS, LOOKS_LIKE_ONE = map(
    re.compile, (secret_expressions.NAMED, secret_expressions.HARMLESS, secret_expressions.LOOKS_LIKE_ONE)
)


def test_names_are_read_alike() -> None:
    names = {"".join(parts) for parts in product(PARTS, repeat=4)}
    announced = {name for name in names if named_like_a_secret(name)}

    assert {name for name in names if NAMED.search(name) and not HARMLESS.search(name)} == announced
    assert {"DB_KEY", "apiKey", "xTOKEN"} <= announced
    assert {"DB_KEY_FILE", "KEY_id", "Tokens"}.isdisjoint(announced)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ("-----BEGIN RSA PRIVATE KEY-----", True),
        ("-----BEGIN CERTIFICATE-----", False),
        (f"AKIA{'A1' * 8}", True),
        (f"xAKIA{'A1' * 8}", False),
        ("postgres://iris:sesame@db/iris", True),
        ("postgres://db/iris", False),
    ],
)
def test_values_are_read_alike(value: str, *, is_one: bool) -> None:
    assert bool(LOOKS.search(value)) is is_one
    assert bool(LOOKS_LIKE_ONE.search(value)) is is_one
