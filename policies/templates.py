"""Judgements that many controls share, each written once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from policies.node import Node
from policies.outcomes import Outcome
from policies.values import UNKNOWN


def is_true(node: Node, expected: str = "true") -> Iterator[Outcome]:
    """Find a switch that is not on. Text is no switch: ``"true"`` counts only where the provider asks for text."""
    yield from node.must(lambda value: value is True, expected)


def is_off(node: Node, expected: str = "false, or nothing") -> Iterator[Outcome]:
    """Find a switch that is on where its absence means off."""
    yield from node.must(lambda value: value is None or value is False, expected)


def is_false(node: Node, expected: str = "false") -> Iterator[Outcome]:
    """Find a switch that is not off where its absence means on."""
    yield from node.must(lambda value: value is False, expected)


def is_set(node: Node, expected: str) -> Iterator[Outcome]:
    """Find a value that is missing or empty."""
    yield from node.must(lambda value: value not in (None, "", [], {}), expected)


def is_absent(node: Node, expected: str = "nothing") -> Iterator[Outcome]:
    """Find a value that must not be there."""
    yield from node.must(lambda value: value in (None, "", [], {}), expected)


def is_one_of(node: Node, allowed: Collection[Any], expected: str | None = None) -> Iterator[Outcome]:
    """Find a value that is none of those allowed."""
    words = expected or " or ".join(str(each) for each in allowed)
    yield from node.must(lambda value: value in allowed, words)


def is_at_least(node: Node, least: float, expected: str) -> Iterator[Outcome]:
    """Find a number that is missing or too small."""
    yield from node.must(
        lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and value >= least, expected
    )


def is_given(node: Node, expected: str) -> Iterator[Outcome]:
    """Find a value that is missing or empty; what lies inside it need not be known yet."""
    if node.known or node.value is UNKNOWN:
        yield from is_set(node, expected)
