"""Resources for the examples of controls that name others of the same program."""

from __future__ import annotations

from policies.resources import Resource, resource
from policies.values import UNKNOWN


def linked(token: str, to: Resource, by: str, called: str = "example", /, **properties: object) -> Resource:
    """Make a resource that names another by a property of which nothing is known but what it was made from."""
    return resource(
        token,
        {by: UNKNOWN} | properties,
        urn=f"urn:pulumi:stack::project::{token}::{called}",
        property_dependencies={by: [to.urn]},
    )


def other(token: str, called: str = "other", /, **properties: object) -> Resource:
    """Make another resource than the one that is judged."""
    return resource(token, properties, urn=f"urn:pulumi:stack::project::{token}::{called}")
