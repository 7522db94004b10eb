"""The tests of the shared rooms, as proofs: what the examples of no control can say, such as the operator's word."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

import pytest

from tests.policies.mutation.noticing import Proof

TESTS = (
    *("accounts", "addresses", "card_hosts", "label_selectors", "operators_word", "own_keys", "places_abroad", "pools"),
    *(
        "mending",
        "models_elsewhere",
        "namespaces",
        "recovery",
        "schedules",
        "secret_text",
        "service_accounts",
        "tagging",
        "telemetry",
    ),
    *("stores", "tenants", "whereabouts"),
)


def unit_proofs() -> Iterator[Proof]:
    """Yield the quick tests of the rooms, each case for itself."""
    for name in TESTS:
        for test in tests_of(import_module(f"tests.policies.test_{name}")):
            marks = [mark for mark in getattr(test, "pytestmark", ()) if isinstance(mark, pytest.Mark)]
            if not any(mark.name == "slow" for mark in marks):
                sets = [[*cases(mark)] for mark in marks if mark.name == "parametrize"]
                for combined in itertools.product(*sets):
                    arguments = {key: value for case in combined for key, value in case.items()}
                    yield Proof(partial(passes, test, arguments))


def tests_of(module: ModuleType) -> Iterator[Callable[..., None]]:
    for name, member in vars(module).items():
        if name.startswith("test_") and isinstance(member, FunctionType):
            yield member


def cases(mark: pytest.Mark) -> Iterator[Mapping[str, Any]]:
    names, values = mark.args[:2]
    names = [each.strip() for each in names.split(",")] if isinstance(names, str) else names
    for value in values:
        held = value.values if hasattr(value, "marks") else value if len(names) > 1 else (value,)
        yield dict(zip(names, held, strict=True))


def passes(test: Callable[..., None], arguments: Mapping[str, Any]) -> bool:
    test(**arguments)
    return True
