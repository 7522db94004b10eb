"""What one server is known to answer differently from the contract: a table of it, with the server's own words."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a server answers differently."""

    tests: tuple[str, ...]
    """Tests that it makes fail, as `test_rest.py::test_name[case]`; a star stands for anything."""

    words: tuple[str, ...]
    """What stands in the failure, one of them: another failure of the same test is none of it."""

    reason: str
    """Why it is so, and why that is let pass."""

    tried: bool = True
    """Whether the tests are run at all: not, where they may end the server."""

    def covers(self, test: str) -> bool:
        """Whether a test may fail by it."""
        return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), test, re.DOTALL) for each in self.tests)


class Differences:
    """A server's table. Every failure must be in it, and every line of it must be seen."""

    def __init__(self, table: Iterable[Difference]) -> None:
        self._table = tuple(table)
        self._seen: Counter[Difference] = Counter()
        self._run: set[Difference] = set()

    @classmethod
    def read(cls, file: Path) -> Differences:
        """The table in a TOML file: `[[difference]]` with the names above as keys. Refuses any other."""
        entries = tomllib.loads(file.read_text(encoding="utf-8"))["difference"]
        return cls(
            Difference(tuple(entry.pop("tests")), tuple(entry.pop("words")), entry.pop("reason"), **entry)
            for entry in entries
        )

    def untried(self, test: str) -> str | None:
        """Why a test is left out, or nothing where it is to be run."""
        return next((each.reason for each in self._table if not each.tried and each.covers(test)), None)

    def ran(self, test: str) -> None:
        """Note that a test was run, with whatever result."""
        self._run.update(each for each in self._table if each.covers(test))

    def explain(self, test: str, failure: str) -> str | None:
        """Why a test's failure is let pass, or nothing where the table has not this failure of it."""
        for each in self._table:
            if each.covers(test) and any(words in failure for words in each.words):
                self._seen[each] += 1
                return each.reason
        return None

    def outlived(self) -> tuple[Difference, ...]:
        """Lines whose tests were run and none failed as they say: the server now does what the contract asks."""
        return tuple(each for each in self._table if each.tried and each in self._run and not self._seen[each])

    def counts(self) -> tuple[tuple[int, str], ...]:
        """How many tests failed by each line, and its reason."""
        return tuple((self._seen[each], each.reason) for each in self._table if self._seen[each])
