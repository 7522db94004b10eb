"""Resources for the examples of controls that keep data in the country."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from policies.examples.kubernetes import without_none
from policies.resources import Resource, resource

GROUP: Final = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/acme"
"""The id of a resource group."""
HOME: Final = "uaenorth"
ABROAD: Final = "westeurope"
IN_THE_UAE: Final = "a location in the UAE: uaenorth, uaecentral"
"""What `policies.geography.places` expects of a location."""
IN_AWS_UAE: Final = "a region in the UAE: me-central-1"
"""What `policies.geography.places` expects of a region."""


def made(
    token: str,
    label: str = "example",
    /,
    *,
    made_from: Mapping[str, Sequence[Resource]] | None = None,
    **properties: object,
) -> Resource:
    """Make a resource of a project, perhaps from outputs of others; a keyword set to `None` is left out."""
    return resource(
        token,
        without_none(properties),
        urn=urn_of(token, label),
        property_dependencies={key: [each.urn for each in origins] for key, origins in (made_from or {}).items()},
    )


def urn_of(token: str, name: str) -> str:
    """Return the URN of a resource at the top of the example's stack."""
    return f"urn:pulumi:stack::project::{token}::{name}"


def other_stack(name: str = "organization/project/environment") -> Resource:
    """Make a reference to another stack."""
    return made("pulumi:pulumi:StackReference", "environment", name=name)


def nested(path: str, value: object) -> dict[str, object]:
    """Write the properties in which a path such as ``sinks[].id`` leads to the value."""
    head, _, rest = path.partition(".")
    inner = nested(rest, value) if rest else value
    return {head.removesuffix("[]"): [inner] if head.endswith("[]") else inner}


def shown_path(path: str) -> str:
    """Write a path as a finding about the first elements shows it."""
    return path.replace("[]", "[0]")
