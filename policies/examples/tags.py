"""Builders for the examples of controls: resources of the clouds with the tags they should have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource

TAGS: Final = {
    "owner": "risk",
    "environment": "prod",
    "stack": "stack",
    "cost-centre": "cc-1001",
    "data-classification": "financial",
    "data-residency": "AE",
    "tenant": "acme",
    "personal-data": "yes",
    "ropa-id": "ropa-2026-014",
}


def tagged(token: str, **tags: object) -> Resource:
    """Make a resource with every tag; one set to `None` is left out."""
    return resource(token, {"tags": without_none(TAGS | tags)})


def in_provider(tags: object, found: Resource) -> Resource:
    """Return a resource of AWS whose provider tags all that it makes, as JSON text."""
    given = {} if tags is None else {"defaultTags": json.dumps({"tags": tags})}
    return replace(found, provider=resource("pulumi:providers:aws", given))
