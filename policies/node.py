"""A value with its place in the resource, read so that an unknown is never mistaken for an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from policies.outcomes import Finding, Undecided
from policies.path import Path
from policies.values import UNKNOWN, holds_unknown, shown


class MalformedError(Exception):
    """The plan holds a value of a shape that no provider would take; the control fails closed."""


@dataclass(slots=True)  # not frozen, which would make each several times as dear; nobody changes one
class Node:
    """One value of a resource and the path that leads to it.

    A member of an unknown is unknown, a member of nothing is nothing: a check asks for the value it wants and
    `must` says what follows. Refuses to look for members in a number or text.
    """

    value: object
    """The plain value; `None` when absent, `UNKNOWN` when not known yet."""
    path: Path = field(default_factory=Path)
    """Where it lies."""
    source: Path | None = None
    """For an unknown: the outermost value that is not known."""
    trace: Callable[[Path], None] | None = field(default=None, compare=False)
    """Called with each path that a check decides on, to prove that it reads what it declares."""

    @property
    def known(self) -> bool:
        """Whether the value and all inside it is known. Asking counts as reading."""
        if self.trace is not None:
            self.trace(self.path)
        return not holds_unknown(self.value)

    @property
    def undecided(self) -> Undecided:
        """The outcome for a verdict that hangs on this unknown value."""
        return Undecided(at=self.source or self.path)

    def __getitem__(self, name: str) -> Node:
        """Return the member of that name."""
        if self.value is UNKNOWN:
            return Node(UNKNOWN, self.path / name, self.source or self.path, self.trace)
        if self.value is None:
            return Node(None, self.path / name, None, self.trace)
        # A check goes through thousands of these: the plain mapping, which it nearly always is, is looked for first.
        if type(self.value) is not dict and not isinstance(self.value, Mapping):
            raise MalformedError(f"{self.path}: found {shown(self.value)}, expected named properties")
        return Node(self.value.get(name), self.path / name, None, self.trace)

    def items(self) -> Iterator[Node]:
        """Yield the elements of a list; of an unknown list, one unknown element."""
        if self.value is UNKNOWN:
            yield Node(UNKNOWN, self.path / 0, self.source or self.path, self.trace)
        elif isinstance(self.value, list):
            for index, element in enumerate(self.value):
                yield Node(element, self.path / index, None, self.trace)
        elif self.value is not None:
            raise MalformedError(f"{self.path}: found {shown(self.value)}, expected a list")

    def select(self, pattern: str) -> Iterator[Node]:
        """Yield every value that a path such as ``rules[].destination.bucket`` leads to; ``[]`` is each of a list."""
        head, _, rest = pattern.partition(".")
        found = self[head.removesuffix("[]")]
        for each in found.items() if head.endswith("[]") else (found,):
            if rest:
                yield from each.select(rest)
            else:
                yield each

    def or_else(self, other: Node) -> Node:
        """Return this value, or the other where this is absent, as Kubernetes does with pod-wide settings.

        A missing value is then reported here, where it should have been.
        """
        if self.value is not None:
            return self
        return other if other.value is not None else self

    def must(self, allowed: Callable[[object], object], expected: str) -> Iterator[Finding | Undecided]:
        """Yield a finding unless the value is allowed; say so when it is not known yet."""
        if not self.known:
            yield self.undecided
        elif not allowed(self.value):
            yield self.finding(expected)

    def finding(self, expected: str) -> Finding:
        """Return the finding that something else was expected here."""
        return Finding(at=self.path, found=shown(self.value), expected=expected)
