"""What a resource's stack is for: production, development or recovery."""

from __future__ import annotations

import re
from typing import Final

from falaj.catalog.tags import Stage, Tag
from policies.resources import Plan, Resource


def stage_of(found: Resource, plan: Plan) -> Stage | None:
    """Return what the stack says it is for, or else what the resource's own tag says; nothing where neither does.

    A tenant's stack does not say: it is for what its environment is for, and tags all that it makes so.
    """
    tags = found["tags"]
    tagged = tags[Tag.ENVIRONMENT.value].value if isinstance(tags.value, dict) else None
    said = plan.stack.stage or tagged
    return next((stage for stage in Stage if stage == said), None)


def is_thrown_away(found: Resource, plan: Plan) -> bool:
    """Tell whether a resource is there for development alone. What does not say so is kept as in production."""
    return stage_of(found, plan) is Stage.DEVELOPMENT


WORDS: Final = {
    **dict.fromkeys(("prod", "production", "prd", "live"), Stage.PRODUCTION),
    **dict.fromkeys(("dr", "recovery", "standby"), Stage.RECOVERY),
    **dict.fromkeys(
        ("dev", "development", "test", "testing", "qa", "uat", "staging", "sandbox", "preview", "nonprod"),
        Stage.DEVELOPMENT,
    ),
}
"""What people call the stages in the names of stacks."""


def stage_in(name: object) -> Stage | None:
    """Return the stage that a stack's name tells, by its last word that is one; nothing where none is."""
    words = re.split(r"[^a-z0-9]+", name[:].lower()) if isinstance(name, str) else []
    return next((WORDS[word] for word in reversed(words) if word in WORDS), None)
