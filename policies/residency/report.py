"""The proof as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies.residency.proof import Proof, Proven

COLUMNS = ("proof", "from", "to", "channel", "data", "region", "encryption", "grounds")


def rows(proven: Iterable[Proven]) -> list[tuple[str, ...]]:
    """Return one row for each movement, what is broken first."""
    order = list(Proof)
    return [
        (
            each.proof,
            each.edge.source,
            each.edge.sink,
            each.edge.channel or "",
            each.edge.data_class or "",
            each.edge.region or "",
            each.edge.encryption or "",
            "; ".join((*each.grounds, *(f"forbidden by {article}" for article in each.articles))),
        )
        for each in sorted(proven, key=lambda found: order.index(found.proof))
    ]


def as_json(proven: Iterable[Proven]) -> list[dict[str, Any]]:
    """Return the movements as JSON, in the order that data takes."""
    return [
        {
            "proof": each.proof,
            "source": each.edge.source,
            "sink": each.edge.sink,
            "channel": each.edge.channel,
            "data_class": each.edge.data_class,
            "region": each.edge.region,
            "global_service": each.edge.global_service,
            "encryption": each.edge.encryption,
            "key": each.edge.key,
            "purpose": each.edge.purpose,
            "control": each.edge.control,
            "urn": each.edge.urn,
            "at": each.edge.at,
            "grounds": list(each.grounds),
            "articles": list(each.articles),
        }
        for each in proven
    ]
