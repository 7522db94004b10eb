"""The stand-ins for cloud providers, for a preview that needs no account."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

from falaj.catalog.providers import Provider, provider_of
from falaj.cli.console import messages

PACKAGES = {Provider.AWS: "aws", Provider.AZURE: "azure-native"}


def commands(provider: Provider | None) -> dict[str, tuple[str, ...]]:
    """Return how the stand-in for a cloud's provider is started, by its package; none outside a cloud."""
    if provider is None:
        return {}
    return {PACKAGES[provider]: (sys.executable, "-m", "falaj.standin", PACKAGES[provider])}


def cloud_of(root: Path, stack: str) -> Provider | None:
    """Return whose cloud a stack lies in, by the region in its file; None where it lies in none, or says so wrongly.

    A wrong file is not refused here: the program that reads all of it says what is wrong.
    """
    try:
        text = (root / "stacks" / "config" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
        config = (yaml.load(text, yaml.CSafeLoader) or {}).get("config") or {}
    except (OSError, yaml.YAMLError, AttributeError):
        return None
    blocks = [config.get("falaj:environment"), config.get("falaj:tenant")]
    keys = [str(block.get("region")) for block in blocks if isinstance(block, dict)]
    found = [provider_of(key) for key in keys]
    return next((provider for provider in found if provider not in {None, Provider.LOCAL}), None)


def announce(provider: Provider) -> None:
    """Say that no cloud answers."""
    messages.print(
        f"Stood in for: the {PACKAGES[provider]} provider. No account is used; what only a cloud knows stays unknown.",
        style="yellow",
    )
