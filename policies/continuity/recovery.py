"""What a stack's configuration says of its recovery: where its second site is, when a restore was last tried."""

from __future__ import annotations

import json
from typing import Final

from falaj.catalog.providers import Provider
from falaj.catalog.regions import regions
from policies.geography.places import uae_regions
from policies.node import Node
from policies.path import Path
from policies.resources import Plan

ENVIRONMENT: Final = "falaj:environment"
CONFIGURATION: Final = Path() / "configuration"
SECOND_SITE: Final = ("second_site", "falaj:secondSite")
LAST_RESTORE: Final = ("last_verified_restore", "falaj:lastVerifiedRestore")


def said_of_recovery(plan: Plan, names: tuple[str, str]) -> Node:
    """Return what a stack of ours says in its description, or any other under a key of its own."""
    inside, alone = names
    if alone not in plan.config and ENVIRONMENT in plan.config:
        return Node(json.loads(plan.config[ENVIRONMENT]), CONFIGURATION / ENVIRONMENT)[inside]
    return Node(plan.config.get(alone), CONFIGURATION / alone)


def sites_beside(home: str, *, another_provider: bool) -> list[str]:
    """Return the regions in the UAE that may be the second site of one."""
    candidates = [region for provider in (Provider.AWS, Provider.AZURE) for region in uae_regions(provider)]
    avoided = regions()[home].provider if another_provider else None
    return [each for each in candidates if each != home and regions()[each].provider is not avoided]
