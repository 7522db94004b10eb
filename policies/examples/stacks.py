"""Builders for what a stack says of itself."""

from __future__ import annotations

import json


def environment(**block: object) -> dict[str, str]:
    """Describe an environment as its stack file does."""
    return {"falaj:environment": json.dumps(block)}
