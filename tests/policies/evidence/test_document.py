"""The document keeps to its published schema, and nothing else is read as evidence."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from policies.evidence.document import UnreadableEvidenceError, read, written
from policies.evidence.model import Evidence
from policies.evidence.pack import digest_of, tool
from policies.evidence.schema import FILE, rendered
from tests.policies.evidence.samples import evidence, nasty, nothing

SCHEMA = json.loads(rendered())


def test_the_published_schema_is_the_models_own() -> None:
    assert FILE.read_text(encoding="utf-8") == rendered(), "run: python -m policies.evidence.schema"


@pytest.mark.parametrize("found", [evidence(), nothing(), nasty()], ids=["all", "nothing", "nasty"])
def test_the_document_keeps_to_its_schema_and_is_read_as_it_was_written(found: Evidence) -> None:
    document = written(found)

    jsonschema_rs.validator_for(SCHEMA).validate(json.loads(document))
    assert read(document) == found
    assert written(read(document)) == document


def test_every_field_of_the_schema_says_what_it_means() -> None:
    silent = [
        f"{name}.{key}"
        for name, definition in SCHEMA["$defs"].items()
        for key, field in definition.get("properties", {}).items()
        if not field.get("description")
    ]

    assert silent == []


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "Invalid JSON: EOF while parsing a value at line 1 column 0"),
        (b"{}", "format: Field required"),
        (written(evidence()).replace(b"falaj-evidence/1", b"falaj-evidence/9"), "format: Input should be"),
        (written(evidence()).replace(b'"stops": true', b'"stops": true, "seal": 1', 1), "seal: Extra inputs"),
    ],
)
def test_anything_else_is_refused_with_the_place(document: bytes, why: str) -> None:
    with pytest.raises(UnreadableEvidenceError) as caught:
        read(document)

    assert str(caught.value).startswith(why) or why in str(caught.value)


def test_the_pack_is_known_by_everything_it_decides_by(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "waivers").mkdir()
    (tmp_path / "a" / "one.py").write_text("1")
    first = digest_of(tmp_path)
    (tmp_path / "waivers" / "w.yaml").write_text("a waiver")
    (tmp_path / "a" / "one.pyc").write_text("compiled")

    assert digest_of(tmp_path) == first
    (tmp_path / "a" / "one.py").write_text("2")
    assert digest_of(tmp_path) != first
    assert tool().pack_digest != first
    assert (tool().name, tool().pack_version) == ("falaj", "0.1.0")
