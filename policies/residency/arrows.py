"""Movements as the picture shows them: those that say the same become one arrow, with their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from policies.residency.place import Place
from policies.residency.proof import Proof
from policies.visible import visible

BETWEEN = ", "


@dataclass(frozen=True, slots=True)
class Arrow:
    """One movement, from a sender to a receiver in a place."""

    source: str
    sink: str
    place: Place
    """Where the receiver lies."""
    where: str
    """Its region, or the global service that it is."""
    proof: Proof
    details: str
    """Channel, class of data, protection."""
    grounds: tuple[str, ...] = ()
    """What is wrong or not known; nothing for what is allowed."""
    articles: tuple[str, ...] = ()
    """What forbids it."""
    count: int = 1
    """How many movements it stands for."""


def arrow(
    *,
    source: str,
    sink: str,
    place: Place,
    proof: Proof,
    said: Iterable[str | None],
    region: str | None,
    global_service: str | None,
    grounds: Iterable[str],
    articles: Iterable[str],
) -> Arrow:
    """Return the arrow of one movement; ``said`` is what is known of it, what is not being left out.

    Texts are taken as they will be seen, so that their room is that of what is drawn.
    """
    allowed = proof is Proof.ALLOWED
    return Arrow(
        source=visible(source),
        sink=visible(sink),
        place=place,
        where=visible(global_service or region or ""),
        proof=proof,
        details=visible(BETWEEN.join(str(each) for each in said if each)),
        grounds=() if allowed else tuple(map(visible, grounds)),
        articles=() if allowed else tuple(map(visible, articles)),
    )


def merged(arrows: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """Return the arrows, those that say the same as one, in the order they first come."""
    counts = Counter(arrows)
    return tuple(
        Arrow(
            each.source,
            each.sink,
            each.place,
            each.where,
            each.proof,
            each.details,
            each.grounds,
            each.articles,
            count,
        )
        for each, count in counts.items()
    )
