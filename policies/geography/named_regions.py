"""The regions of AWS that texts name: a region or zone itself, an ARN, the host name of a service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from policies.geography.places import region_of_arn
from policies.node import Node

_REGION: Final = (
    r"(?:[a-z]{2}|us-gov|(?:us|eu)-iso[a-z]?|eusc-[a-z]{2})"
    r"-(?:central|east|west|(?:north|south)(?:east|west)?)-\d{1,2}"
)
_ITSELF: Final = re.compile(rf"(?P<region>{_REGION})(?:-[a-z]{{3}}-\d)?[a-z]?")
_WITHIN: Final = re.compile(rf"(?<![a-z0-9])(?P<region>{_REGION})(?![a-z0-9])")
_HOST: Final = re.compile(r"(?:amazonaws\.com|com\.amazonaws|\.api\.aws|\.on\.aws)(?![a-z0-9])")
_PROSE: Final = re.compile(r"[\s\"{}]")
"""Sentences and documents, such as policies, may name a region to forbid it."""


def region_named(text: object) -> str | None:
    """Return the region that a text names as a whole, in an ARN or in the host name of a service."""
    if not isinstance(text, str):
        return None
    if itself := _ITSELF.fullmatch(text):
        return itself["region"]
    if (of_arn := region_of_arn(text)) is not None:
        return of_arn if re.fullmatch(_REGION, of_arn) else None
    if _HOST.search(text) and not _PROSE.search(text) and (within := _WITHIN.search(text)):
        return within["region"]
    return None


def texts(node: Node) -> Iterator[Node]:
    """Yield every text inside a value. What is not known yet holds none."""
    if isinstance(node.value, str):
        yield node
    elif isinstance(node.value, list):
        for element in node.items():
            yield from texts(element)
    elif isinstance(node.value, Mapping):
        for name in node.value:
            yield from texts(node[str(name)])
