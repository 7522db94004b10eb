"""Keeps the texts of secrets out of messages and logs."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from falaj.engine.kubernetes.values import Json, is_secret, reveal

_SHORTEST = 4
"""Shorter texts occur in any sentence by chance and would make it unreadable."""


def redact(message: str, trees: Iterable[Json]) -> str:
    """Give the message with every secret text of the trees, plain or in base64, replaced by ``[secret]``."""
    found = {text for tree in trees for text in _secret_texts(tree) if len(text) >= _SHORTEST}
    for text in sorted(found, key=len, reverse=True):
        message = message.replace(text, "[secret]")
    return message


def _secret_texts(tree: Json) -> Iterator[str]:
    if is_secret(tree):
        for text in _texts(reveal(tree)):
            yield text
            yield base64.b64encode(text.encode()).decode()
            yield from _decoded(text)
    elif isinstance(tree, dict):
        for item in tree.values():
            yield from _secret_texts(item)
    elif isinstance(tree, list):
        for item in tree:
            yield from _secret_texts(item)


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _decoded(text: str) -> Iterator[str]:
    try:
        yield base64.b64decode(text, validate=True).decode()
    except ValueError:
        return
