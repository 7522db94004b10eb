"""The evidence as one page in English and Arabic: static, printable, and at rest: it runs and fetches nothing."""

from __future__ import annotations

from typing import Final

from policies.evidence.model import Evidence, Topic
from policies.evidence.page_findings import findings, residency, statement, summary, unknowns, waivers
from policies.evidence.page_style import STYLE
from policies.evidence.page_tables import controls, coverage, matrix
from policies.evidence.phrase import Language
from policies.evidence.words import WORDS
from policies.evidence.writing import Writing
from policies.markup import Markup, element, joined, raw

PARTS: Final = (
    ("summary", summary),
    ("statement", statement),
    ("findings", findings),
    ("unknowns", unknowns),
    ("waivers", waivers),
    ("residency", residency),
    ("coverage", coverage),
    ("matrix", matrix),
    ("all_controls", controls),
)
SECURITY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What the browser is to allow the page: its own style and nothing else."""


def page(evidence: Evidence) -> bytes:
    """Return the page: all of it in English, then all of it in Arabic."""
    title = WORDS["title"]
    head = element(
        "head",
        {},
        element("meta", {"charset": "utf-8"}),
        element("meta", {"http-equiv": "Content-Security-Policy", "content": SECURITY}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("meta", {"name": "referrer", "content": "no-referrer"}),
        element("title", {}, f"{title.en} · {title.ar} · {evidence.judged.name}"),
        element("style", {}, raw(STYLE)),
    )
    articles = [_article(Writing(language), evidence) for language in Language]
    body = element("body", {}, _languages(), element("main", {}, joined(articles, "\n")))
    whole = element("html", {"lang": "en", "dir": "ltr"}, raw("\n"), head, raw("\n"), body, raw("\n"))
    return f"<!DOCTYPE html>\n{whole}\n".encode()


def _languages() -> Markup:
    links = [
        element("a", {"href": f"#{each}", "lang": each, "dir": each.direction}, WORDS["language"][each])
        for each in Language
    ]
    return element("header", {}, element("nav", {}, *links))


def _article(writing: Writing, evidence: Evidence) -> Markup:
    language = writing.language
    links = [element("li", {}, element("a", {"href": f"#{writing.id(key)}"}, writing.say(key))) for key, _ in PARTS]
    limits = next(each for each in evidence.statement if each.topic is Topic.LIMITS)
    return element(
        "article",
        {"id": language.value, "lang": language.value, "dir": language.direction},
        element("h1", {}, writing.say("title")),
        element("p", {"class": "lead"}, writing.english(evidence.judged.name)),
        element("nav", {"aria-label": writing.say("contents")}, element("ul", {"class": "contents"}, *links)),
        *(part(writing, evidence) for _, part in PARTS),
        element("footer", {}, limits.ar if language is Language.ARABIC else limits.en),
    )
