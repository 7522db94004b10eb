"""The flows in words, one row each, below the picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from falaj.graph.picture import Flow, Picture
from falaj.graph.shapes import Block, Box, Style, Text

HEADINGS = ("", "From", "To", "Data", "Channel", "Protected by", "Why")
SHARES = (0.03, 0.15, 0.15, 0.1, 0.1, 0.15, 0.32)
"""Parts of the table's width."""
_LETTERS = re.compile(r"[^a-z0-9]")
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
CELL_GAP = 10.0
ROW_PADDING = 4.0


@dataclass(frozen=True, slots=True)
class Table:
    """The table in its place."""

    box: Box
    """Where it lies."""
    texts: tuple[Text, ...]
    """Every line of it."""
    rules: tuple[float, ...]
    """Heights of the lines between rows."""


def table(picture: Picture, x: float, y: float, width: float) -> Table:
    """Return the table of a picture's flows; without flows, the sentence that there are none."""
    if not picture.flows:
        block = Block().then("No component of this stack declares a data flow.", Style.MUTED, width)
        return Table(Box(x, y, width, block.height), tuple(text.moved(x, y) for text in block.texts), ())
    titles = {card.key: card.title for frame in picture.frames() for card in frame.cards()}
    block = _row(Block(), HEADINGS, width, Style.MUTED)
    rules = [y + block.height]
    for flow in picture.flows:
        block = _row(block, _cells(flow, titles), width, Style.BODY)
        rules.append(y + block.height)
    return Table(Box(x, y, width, block.height), tuple(text.moved(x, y) for text in block.texts), tuple(rules[:-1]))


def _row(block: Block, cells: Sequence[str], width: float, style: Style) -> Block:
    starts = [sum(SHARES[:index]) * width for index in range(len(SHARES))]
    placed = tuple(
        (start, share * width - CELL_GAP, text, style) for start, share, text in zip(starts, SHARES, cells, strict=True)
    )
    return block.spaced(ROW_PADDING).row(placed).spaced(ROW_PADDING)


def _cells(flow: Flow, titles: dict[str, str]) -> tuple[str, ...]:
    declared = flow.declared
    channel = words(declared.channel) + (f" {declared.port}" if declared.port is not None else "")
    protection = words(declared.encryption) + (f", key {declared.key}" if declared.key else "")
    sink = _end(titles[flow.sink], declared.sink) + (f", in {declared.region}" if flow.leaves else "")
    return (
        str(flow.number),
        _end(titles[flow.source], declared.source),
        sink,
        words(declared.data_class),
        channel,
        protection,
        _DIGEST.sub(r"\1…", declared.purpose),
    )


def _end(title: str, word: str) -> str:
    """The card, and the end's own word where it says more."""
    return title if _LETTERS.sub("", word.casefold()) == _LETTERS.sub("", title.casefold()) else f"{title} ({word})"


def words(value: str) -> str:
    """Return a vocabulary's word as people write it."""
    known = {"tls": "TLS", "mutual_tls": "mutual TLS", "https": "HTTPS", "http": "HTTP", "grpc": "gRPC", "dns": "DNS"}
    return known.get(value, str(value).replace("_", " "))
