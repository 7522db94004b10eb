"""What people read: the page in two languages and the summary, whole, at rest, and claiming nothing it can not know."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from policies.evaluator import Verdict
from policies.evidence.bundle import bundle
from policies.evidence.markdown import MOST, code, markdown, plain
from policies.evidence.model import Evidence, Status
from policies.evidence.page import page
from policies.evidence.phrase import Language, Phrase
from policies.evidence.schema import rendered
from policies.evidence.statement import KINDS, SENTENCES
from policies.evidence.words import (
    CATEGORIES,
    LEVELS,
    PLACES,
    PROOFS,
    RELATIONS,
    SEVERITIES,
    STATUSES,
    TOPICS,
    VERDICTS,
    WORDS,
)
from policies.evidence.writing import Writing
from policies.visible import visible
from tests.policies.evidence.samples import MOVEMENTS, NASTY, evidence, flows, judged, many, nasty, nothing

FOUND = evidence()
ALL = pytest.mark.parametrize("found", [FOUND, nothing(), nasty()], ids=["all", "nothing", "nasty"])
SVG = "{http://www.w3.org/2000/svg}"
TABLES = (
    CATEGORIES,
    LEVELS,
    PLACES,
    PROOFS,
    RELATIONS,
    SEVERITIES,
    STATUSES,
    TOPICS,
    VERDICTS,
    WORDS,
    SENTENCES,
    KINDS,
)
PHRASES = [phrase for table in TABLES for phrase in table.values()]
CLAIMS = re.compile(r"compliant|compliance achieved|complies with|certified|ممتثل|امتثال تام|متوافق مع|مطابق ل")
"""What no rendering may ever say."""


def root_of(found: Evidence) -> ET.Element:
    return ET.fromstring(page(found))  # noqa: S314 - our own


def article(root: ET.Element, language: Language) -> ET.Element:
    (found,) = [each for each in root.iter("article") if each.get("id") == language.value]
    return found


def text_of(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows_of(element: ET.Element) -> list[list[str]]:
    return [[" ".join(" ".join(cell.itertext()).split()) for cell in row] for row in element.iter("tr")]


@ALL
def test_no_rendering_claims_what_a_machine_can_not_know(found: Evidence) -> None:
    for name, content in bundle(found).items():
        assert CLAIMS.findall(content.decode().lower()) == [], name


def test_neither_does_the_published_schema() -> None:
    assert CLAIMS.findall(rendered().lower()) == []


@ALL
def test_the_page_is_well_formed_and_runs_and_fetches_nothing(found: Evidence) -> None:
    root = root_of(found)
    attributes = [(each.tag, key, value) for each in root.iter() for key, value in each.attrib.items()]

    assert {each.tag for each in root.iter()} & {"script", "link", "img", "iframe", "object", "form", "input"} == set()
    assert [each for each in attributes if each[1].startswith("on") or each[1] in {"src", "srcset", "action"}] == []
    assert [value for _, key, value in attributes if key.endswith("href") and not value.startswith("#")] == []
    for style in (*root.iter("style"), *root.iter(f"{SVG}style")):
        assert re.findall(r"url\(|@import|@font-face|expression", style.text or "") == []
    assert [each.get("content") for each in root.iter("meta") if each.get("http-equiv")] == [
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ]


@ALL
def test_every_link_of_the_page_leads_to_a_part_of_it_and_every_id_is_there_once(found: Evidence) -> None:
    root = root_of(found)
    ids = [each.attrib["id"] for each in root.iter() if "id" in each.attrib]
    links = {each.attrib["href"].removeprefix("#") for each in root.iter("a")}

    assert len(ids) == len(set(ids))
    assert links - set(ids) == set()


@pytest.mark.parametrize(("language", "direction"), [(Language.ENGLISH, "ltr"), (Language.ARABIC, "rtl")])
def test_each_language_is_marked_with_its_direction(language: Language, direction: str) -> None:
    own = article(root_of(FOUND), language)

    assert (own.get("lang"), own.get("dir")) == (language.value, direction)
    assert text_of(next(iter(own.iter("h1")))) == WORDS["title"][language]


def test_what_is_english_in_the_arabic_part_says_so() -> None:
    own = article(root_of(FOUND), Language.ARABIC)
    latin = re.compile(r"[A-Za-z]{4}")
    parents = {child: parent for parent in own.iter() for child in parent}

    def is_marked(element: ET.Element | None) -> bool:
        while element is not None and element is not own:
            if element.get("dir") == "ltr" or element.tag in {f"{SVG}svg", f"{SVG}style"}:
                return True
            element = parents.get(element)
        return False

    unmarked = [
        text
        for element in own.iter()
        for text, holder in ((element.text, element), (element.tail, parents.get(element)))
        if text and latin.search(text) and not is_marked(holder)
    ]
    assert unmarked == []


def test_both_languages_say_the_same_of_findings_waivers_and_clauses() -> None:
    root = root_of(FOUND)
    codes = {language: [text_of(each) for each in article(root, language).iter("code")] for language in Language}
    cells = {language: len(list(article(root, language).iter("td"))) for language in Language}

    assert codes[Language.ENGLISH] == codes[Language.ARABIC]
    assert cells[Language.ENGLISH] == cells[Language.ARABIC]
    assert "urn:pulumi:prod::falaj::test:index:Thing::broken" in codes[Language.ARABIC]


def test_the_page_holds_findings_waivers_days_coverage_and_the_picture() -> None:
    own = article(root_of(FOUND), Language.ENGLISH)
    said = text_of(own)

    assert "Findings stop this plan." in said
    assert "says: found bad, expected good" in said
    assert "says: not known yet (the program has to say it)" in said
    assert "could not be checked: ValueError in says, samples.py line" in said
    assert re.search(r"Waiver W-1 ends soon", said)
    assert re.search(
        r"TicketSEC-7urn:pulumi:prod::falaj::test:index:Thing::let-besays: found worse, expected good", said
    )
    assert [text_of(each) for each in own.iter("b") if each.get("class") == "days"] == ["8", "59", "-12"]
    assert re.search(r"Waiver W-3 lets nothing be here, to be removed", said)
    (broken,) = [row for row in rows_of(own) if row[0] == "broken"]
    assert broken[1:3] == ["gateway → abroad", "Abroad"]
    assert len(list(own.iter(f"{SVG}svg"))) == 1
    for status in Status:
        assert STATUSES[status].en in said
    assert FOUND.statement[4].en in said


def test_the_matrix_names_for_each_clause_its_controls_with_relation_and_verdict() -> None:
    own = article(root_of(FOUND), Language.ENGLISH)

    (row,) = [row for row in rows_of(own) if row[0].startswith("Art 20 encryption, confidentiality")]
    assert row[1] == "checked by machine (partial)"
    assert "partial error TST-001" in row[2]
    assert "supports error TST-002" in row[2]


def test_every_fixed_text_is_there_in_both_languages() -> None:
    allowed = re.compile(r"SHA-256|UTC|Kubernetes|\{\w+\}|[\d\s.,:;()،؛؟-]")
    for phrase in PHRASES:
        assert isinstance(phrase, Phrase)
        assert re.fullmatch(r"[\x20-\x7e]+", phrase.en), phrase.en
        assert re.search(r"[\u0621-\u064a]", phrase.ar), phrase
        assert re.search(r"[A-Za-z]", allowed.sub("", phrase.ar)) is None, phrase.ar
        assert set(re.findall(r"\{\w+\}", phrase.en)) == set(re.findall(r"\{\w+\}", phrase.ar)), phrase.en


def test_every_word_is_used() -> None:
    allowed = evidence(judged([flows(MOVEMENTS[0])]))
    written = "".join(page(found).decode() for found in (FOUND, nothing(), allowed))

    assert [key for key, phrase in WORDS.items() if not any(phrase[each] in written for each in Language)] == []


def test_sentences_keep_latin_runs_together() -> None:
    writing = Writing(Language.ARABIC)

    assert writing.mixed("الحزمة (0.1.0)، أما a-b c فلا") == (
        'الحزمة (<bdi dir="ltr">0.1.0</bdi>)، أما <bdi dir="ltr">a-b c</bdi> فلا'
    )
    assert Writing(Language.ENGLISH).mixed("a <b>") == "a &lt;b&gt;"


def test_names_stay_names_on_the_page() -> None:
    found = nasty()
    document = page(found).decode()
    root = root_of(found)

    assert "<script" not in document
    assert re.findall("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", document) == []
    codes = {"".join(each.itertext()) for each in root.iter("code")}
    assert visible(f"urn:pulumi:prod::falaj::test:index:Thing::{NASTY}") in codes


def test_the_summary_is_short_and_says_what_stops() -> None:
    text = markdown(FOUND, {"evidence.html", "evidence.json"}).decode()

    assert text.startswith("### Evidence of policy checks: `stack prod`\n\n**5 results stop this plan.**\n")
    stopping = [line for line in text.splitlines() if line.startswith("- **TST-001**")]
    assert len(stopping) == 4
    assert "  - `says: found bad, expected good`" in text
    assert "| `W-1` | TST-001 | 2026-11-30 | 8 | risk | security | 1 |" in text
    assert "Expired: `W-2` on 2026-11-10" in text
    assert "4 movements of data: 1 broken, 1 unknown, 2 allowed." in text
    assert "More: [page](evidence.html), [evidence](evidence.json)." in text
    assert "residency.svg" not in text


def test_a_summary_of_many_findings_fits_into_a_comment() -> None:
    text = markdown(many(2000)).decode()

    assert len(text) < 65_536
    assert len([line for line in text.splitlines() if line.startswith("- **TST-001**")]) == MOST
    assert "- and 313 more" in text
    assert "\nNothing stops this plan.\n" in markdown(nothing()).decode()


def test_names_stay_names_in_the_summary() -> None:
    text = markdown(nasty()).decode()
    outside = re.sub(r"\\.", "", re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text))

    assert "\u202e" not in text
    for trap in ("<script", "http://evil)", "@team", "](http"):
        assert trap not in outside


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("``", "``` `` ```"), ("", "`  `"), ("a\nb", "`a\\nb`"), ("`a", "`` `a ``")],
)
def test_code_holds_whatever_it_holds(text: str, shown: str) -> None:
    assert code(text) == shown


def test_plain_text_calls_nobody_and_links_to_nothing() -> None:
    assert plain("@team [a](b) <i> x_y") == "\\@team \\[a\\]\\(b\\) \\<i\\> x\\_y"


@pytest.mark.slow
def test_two_thousand_results_make_every_file() -> None:
    found = many(2000)
    files = bundle(found)

    assert sum(found.counts[verdict] for verdict in Verdict) == 2000
    assert len(files["evidence.html"]) < 2_000_000
    assert len(list(root_of(found).iter("article"))) == 2 + 2 * 4
    assert len(files) == 8
