"""The two languages of the evidence, and a text that there is in both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language that people read the evidence in."""

    ENGLISH = "en"
    ARABIC = "ar"

    @property
    def direction(self) -> str:
        """Which way it is written, as HTML says it."""
        return "rtl" if self is Language.ARABIC else "ltr"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One fixed text, side by side."""

    en: str
    ar: str

    def __getitem__(self, language: Language) -> str:
        """Return the text in a language."""
        return self.ar if language is Language.ARABIC else self.en
