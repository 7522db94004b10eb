"""The tags of a cloud's resource: its own, and those that its provider gives to all it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from falaj.catalog.taggable import takes_tags
from policies.node import Node
from policies.resources import Resource

GROUP: Final = "aws:autoscaling/group:Group"
"""The one type of AWS that takes its tags as a list."""
DEFAULTS: Final = "defaultTags"


def can_be_tagged(token: str) -> bool:
    """Tell whether resources of a type take tags."""
    return token == GROUP or takes_tags(token)


def tag_of(found: Resource, key: str) -> Node:
    """Return the value of a tag, or its place where the resource has none and its provider gives it none."""
    tags = found["tags"]
    if found.type == GROUP:
        listed = [each["value"] for each in tags.items() if each["key"].value == key]
        perhaps = [each["key"] for each in tags.items() if not each["key"].known]
        own = next(iter([*listed, *perhaps]), Node(None, tags.path / key))
    else:
        own = tags[key]
    return own.or_else(_default(found.provider, key)) if found.provider is not None else own


def _default(provider: Resource, key: str) -> Node:
    given = provider[DEFAULTS]
    value = given.value
    if isinstance(value, str):
        try:
            value = json.loads(value[:])
        except ValueError:
            return Node(None, given.path)
    return Node(value if isinstance(value, Mapping) else given.value, given.path)["tags"][key]
