"""How one language of the page is written: its own words, and what stays in English marked as such."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from policies.evaluator import Verdict
from policies.evidence.phrase import Language, Phrase
from policies.evidence.words import VERDICTS, WORDS
from policies.markup import Attributes, Markup, element, joined

_LATIN: Final = re.compile(r"[A-Za-z0-9](?:[\x21-\x7e ]*[A-Za-z0-9])?")
"""A run of text that is written from left to right."""
LEFT_TO_RIGHT: Final[Attributes] = {"lang": "en", "dir": "ltr"}


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes for the readers of one language."""

    language: Language

    def say(self, key: str) -> str:
        """Return a fixed word."""
        return WORDS[key][self.language]

    def phrase(self, phrase: Phrase) -> str:
        """Return a phrase."""
        return phrase[self.language]

    def id(self, name: str) -> str:
        """Return the id of a part of the page in this language."""
        return f"{self.language}-{name}"

    def english(self, text: str) -> Markup:
        """Return a text that is English whatever the language of the page."""
        if self.language is Language.ENGLISH:
            return joined([text])
        return element("span", LEFT_TO_RIGHT, text)

    def code(self, text: str) -> Markup:
        """Return a text that is a value of the plan: a URN, a path, what was found."""
        return element("code", LEFT_TO_RIGHT, text)

    def mixed(self, text: str) -> Markup:
        """Return a sentence of this language, each run of Latin letters and digits kept together in its own order."""
        if self.language is Language.ENGLISH:
            return joined([text])
        parts: list[str] = []
        end = 0
        for found in _LATIN.finditer(text):
            parts += [text[end : found.start()], element("bdi", {"dir": "ltr"}, found[0])]
            end = found.end()
        return joined([*parts, text[end:]])

    def verdict(self, verdict: Verdict) -> Markup:
        """Return a verdict, in words and in its colour."""
        return element("b", {"class": f"verdict {kind_of(verdict)}"}, self.phrase(VERDICTS[verdict]))

    def heading(self, level: int, key: str) -> Markup:
        """Return a heading that the table of contents links to."""
        return element(f"h{level}", {"id": self.id(key)}, self.say(key))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], kind: str | None = None) -> Markup:
        """Return a table; ``columns`` are keys of words."""
        head = element("tr", {}, *(element("th", {"scope": "col"}, self.say(column)) for column in columns))
        body = [element("tr", {}, *(element("td", {}, cell) for cell in row)) for row in rows]
        return element("table", {"class": kind}, element("thead", {}, head), element("tbody", {}, joined(body, "\n")))

    def listed(self, pairs: Iterable[tuple[str, str]]) -> Markup:
        """Return names and what they stand for; the names are keys of words."""
        parts = [element("div", {}, element("dt", {}, self.say(key)), element("dd", {}, value)) for key, value in pairs]
        return element("dl", {}, *parts)


def kind_of(verdict: Verdict) -> str:
    """Return the class that gives a verdict its colour."""
    return verdict.value.replace(" ", "-")
