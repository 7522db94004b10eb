"""Which further profiles a tenant may keep: those that ask no more of its environment than that keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from falaj.catalog.profiles import BASELINE, combined, profiles
from stacks.environment_settings import EnvironmentSettings, LocalEnvironment
from stacks.problems import Problem
from stacks.tenant_settings import TenantSettings

OF_THE_ENVIRONMENT: Final = (
    "private_api",
    "log_retention_days",
    "immutable_days",
    "least_zones",
    "second_site",
    "allowed_stages",
    "network_isolated_bootstrap",
)
"""Rules that the environment alone can keep: cluster, logs and sites are its own. Keys a tenant has itself."""


def profile_problems(tenant: TenantSettings, home: EnvironmentSettings) -> Iterator[Problem]:
    """Yield each profile of a tenant that nobody knows, or that its environment does not live up to."""
    kept = (BASELINE,) if isinstance(home, LocalEnvironment) else home.profiles
    for index, name in enumerate(tenant.profiles):
        key = f"tenant.profiles[{index}]"
        if name not in profiles():
            yield Problem(key, f"found '{name}', allowed: {', '.join(profiles())}.")
        elif lacking := _lacking(home, kept, name):
            message = f"found '{name}', which asks more than environment {tenant.environment} keeps: {lacking}."
            yield Problem(key, message, "name the profile in the environment too, or choose an environment that has it")


def _lacking(home: EnvironmentSettings, kept: tuple[str, ...], name: str) -> str:
    """Return what a profile asks for and an environment of these profiles does not keep; nothing if it keeps all."""
    own, both = combined(kept), combined((*kept, name))
    rules = [rule for rule in OF_THE_ENVIRONMENT if getattr(own, rule) != getattr(both, rule)]
    documents = {} if isinstance(home, LocalEnvironment) else home.documents
    missing = [document for document in both.requires if document not in documents]
    return ", ".join([*rules, *(f"the document {document}" for document in missing)])
