"""The evidence as bytes: the same evidence is always the same bytes, and whatever else is refused when read."""

from __future__ import annotations

import hashlib

from pydantic import ValidationError

from policies.evidence.model import Evidence
from policies.visible import json_text


class UnreadableEvidenceError(Exception):
    """The bytes are no evidence of a format that this version knows."""


def written(evidence: Evidence) -> bytes:
    """Return the document: JSON in UTF-8, in the order of the model."""
    return json_text(evidence.model_dump(mode="json")).encode()


def read(document: bytes) -> Evidence:
    """Return what a document says. Raises ``UnreadableEvidenceError`` for anything else than evidence."""
    try:
        return Evidence.model_validate_json(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UnreadableEvidenceError(f"{place + ': ' if place else ''}{first['msg']}") from None


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()
