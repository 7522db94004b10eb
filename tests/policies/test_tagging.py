"""The tags that a resource has of its own, and those that its provider gives it."""

from __future__ import annotations

import pytest

from policies.node import Node
from policies.ownership.tagging import GROUP, tag_of
from policies.path import Path
from policies.resources import Resource, resource
from policies.values import UNKNOWN

BUCKET = "aws:s3/bucket:Bucket"
AT_PROVIDER = Path(("defaultTags",))
OWN = Path(("tags", "owner"))


def provider(tags: object) -> Resource:
    return resource("pulumi:providers:aws", {"defaultTags": tags})


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"tags": {"owner": "risk"}}, "risk"),
        ('{"tags": {"owner": "risk"}}', "risk"),
        ('{"tags": {}}', None),
        ("no JSON", None),
        (UNKNOWN, UNKNOWN),
        (None, None),
    ],
)
def test_a_provider_gives_tags_as_it_writes_them(given: object, value: object) -> None:
    found = tag_of(resource(BUCKET, {}, provider=provider(given)), "owner")

    assert found.value == value
    assert found.path == (OWN if value is None else AT_PROVIDER / "tags" / "owner")


def test_a_tag_of_its_own_counts_before_the_providers() -> None:
    found = resource(BUCKET, {"tags": {"owner": "own"}}, provider=provider({"tags": {"owner": "risk"}}))

    assert tag_of(found, "owner") == Node("own", OWN)


@pytest.mark.parametrize(
    ("tags", "value", "path"),
    [
        ([{"key": "other", "value": "a"}, {"key": "owner", "value": "risk"}], "risk", Path(("tags", 1, "value"))),
        ([{"key": UNKNOWN, "value": "a"}, {"key": "owner", "value": "risk"}], "risk", Path(("tags", 1, "value"))),
        ([{"key": "other", "value": "a"}, {"key": UNKNOWN, "value": "a"}], UNKNOWN, Path(("tags", 1, "key"))),
        ([{"key": "other", "value": "a"}], None, OWN),
    ],
)
def test_a_group_of_machines_lists_its_tags(tags: object, value: object, path: Path) -> None:
    found = tag_of(resource(GROUP, {"tags": tags}), "owner")

    assert (found.value, found.path) == (value, path)
