"""What a stack's configuration says that controls depend on: profiles, stage, region, who it is for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from falaj.catalog.profiles import Profile, combined, profiles
from policies.node import MalformedError

ENVIRONMENT: Final = "falaj:environment"
TENANT: Final = "falaj:tenant"
BLOCKS: Final = (ENVIRONMENT, TENANT)
"""Where a stack of ours describes itself, as JSON text."""
PROFILES: Final = "falaj:profiles"
"""Where any other stack names its profiles, or one of ours has further ones, such as a tenant those of its environment:
a JSON list, or names parted by commas."""
LOCAL_COUNTRY: Final = "falaj:localCountry"
"""ISO 3166 code of the country a cluster of the operator's own stands in."""
ACCESS_GRANT: Final = "falaj:accessGrant"
"""Where a stack that is none of ours names the provider's answer that opens a restricted region to it."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as its configuration describes it. Says nothing of what it does not know."""

    profiles: tuple[str, ...] = ()
    """The profiles it keeps, by their names in the catalog; none means the baseline."""
    stage: str | None = None
    """``prod``, ``dev`` or ``dr``."""
    region: str | None = None
    """Its home, by its key in the catalog."""
    tier: str | None = None
    """The tier of a tenant's stack."""
    data_class: str | None = None
    """The highest class of data it may hold."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """Ids of the documents that its profiles ask for, by their kind."""
    local_country: str | None = None
    """Where a cluster of the operator's own stands."""
    access_grant: str | None = None
    """The provider's answer that opens a restricted region to it."""

    @property
    def rules(self) -> Profile:
        """The strictest of each rule of its profiles."""
        return combined(self.profiles)


def described(config: Mapping[str, str]) -> Stack:
    """Read the description. Raises ``MalformedError`` for text that is no JSON and for a profile nobody knows."""
    block = next((_mapping(key, config[key]) for key in BLOCKS if key in config), {})
    names = tuple(dict.fromkeys((*_names(block.get("profiles")), *_names(config.get(PROFILES)))))
    if strangers := [name for name in names if name not in profiles()]:
        raise MalformedError(
            f"configuration: no profile is named {', '.join(strangers)}; there are {', '.join(profiles())}"
        )
    return Stack(
        profiles=names,
        stage=block.get("stage"),
        region=block.get("region"),
        tier=block.get("tier"),
        data_class=block.get("data_class"),
        documents=block.get("documents") or {},
        local_country=config.get(LOCAL_COUNTRY),
        access_grant=block.get("access_grant", config.get(ACCESS_GRANT)),
    )


def _mapping(key: str, text: str) -> dict[str, Any]:
    try:
        block = json.loads(text)
    except ValueError:
        block = None
    if not isinstance(block, dict):
        raise MalformedError(f"configuration {key}: expected an object in JSON")
    return block


def _names(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [name.strip() for name in str(given).split(",") if name.strip()]
    return tuple(str(name) for name in given) if isinstance(given, list) else ()
