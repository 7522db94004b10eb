"""Controls whose judgement is a table: which path of which type is judged how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from policies.node import Node
from policies.outcomes import Outcome
from policies.resources import Resource
from policies.templates import is_one_of

Judge: TypeAlias = Callable[[Node], Iterator[Outcome]]
Table: TypeAlias = Mapping[str, Mapping[str, Judge]]
"""For each type token, the judgement of each path; ``[]`` in a path is each element of a list."""


def reads_of(table: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Return every path of a table in the form in which a control declares it, with the type it belongs to."""
    return tuple(
        f"{token}:{path.replace('[]', '[*]')}" for token, judged_paths in table.items() for path in judged_paths
    )


def by_table(table: Table, found: Resource) -> Iterator[Outcome]:
    """Judge a resource by the rows of its type."""
    for path, judge in table[found.type].items():
        for node in found.root.select(path):
            yield from judge(node)


def one_of(*allowed: str) -> Judge:
    """Find a value that is none of those allowed."""
    return lambda node: is_one_of(node, allowed)


def if_set(judge: Judge) -> Judge:
    """Judge a value only where there is one: its absence is harmless."""

    def judged(node: Node) -> Iterator[Outcome]:
        if node.value is not None:
            yield from judge(node)

    return judged


def refused(expected: str) -> Judge:
    """Find the resource whatever the value is: none of its kind may be."""

    def judged(node: Node) -> Iterator[Outcome]:
        yield node.finding(expected)

    return judged
