"""Where a receiver lies, as the catalog or the operator says; what nobody knows is not inside."""

from __future__ import annotations

import pytest

from policies.outcomes import Finding
from policies.path import Path
from policies.residency.edges import Edge
from policies.residency.place import Place, place_of
from policies.stack import Stack


def edge(region: str | None = None, global_service: str | None = None, finding: Finding | None = None) -> Edge:
    return Edge("a", "b", None, None, region, None, global_service, None, "", "urn", "at", finding)


@pytest.mark.parametrize(
    ("found", "country", "place"),
    [
        (edge("me-central-1"), None, Place.INSIDE),
        (edge("uaecentral"), None, Place.INSIDE),
        (edge("me-south-1"), None, Place.ABROAD),
        (edge("atlantis"), None, Place.ABROAD),
        (edge("local"), "AE", Place.INSIDE),
        (edge("local"), "FR", Place.ABROAD),
        (edge("local"), None, Place.UNKNOWN),
        (edge(None), "AE", Place.UNKNOWN),
        (edge("us-east-1", "aws-iam"), None, Place.GLOBAL),
        (edge(None, finding=Finding(Path() / "multiRegion", "true", "false")), None, Place.ABROAD),
    ],
)
def test_a_receiver_lies_where_it_is_known_to(found: Edge, country: str | None, place: Place) -> None:
    assert place_of(found, Stack(local_country=country)) is place
