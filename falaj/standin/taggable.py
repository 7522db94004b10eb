"""Which types of resources take tags, read from the installed SDKs: prints falaj/catalog/data/taggable.yaml."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime

from falaj.standin.sdk import Sdk, sdk

CLOUDS = ("aws", "azure-native")
_TOKEN = re.compile(r'^@pulumi\.type_token\("([^"]+)"\)', re.MULTILINE)
_TAGS = re.compile(
    r"^ +tags: pulumi\.Input\[(?:Optional\[)?Mapping\[str, pulumi\.Input\[_builtins\.str\]\]\]?\](?: = None)?[,)]",
    re.MULTILINE,
)
"""An argument that maps a text to a text, which is what both clouds call tags. A few types call lists so."""


def taggable(library: Sdk) -> dict[str, list[str]]:
    """Return the names of all types that take tags, by the module they belong to."""
    found: dict[str, list[str]] = {}
    for file in sorted(library.directory.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        token = _TOKEN.search(text)
        if token is not None and token[1] in library.resources and _TAGS.search(text, token.end()):
            _, module, name = token[1].split(":")
            found.setdefault(module.partition("/")[0], []).append(name)
    return {module: sorted(names) for module, names in sorted(found.items())}


def written() -> str:
    """Return the whole file."""
    lines = [
        "# Types of resources that take tags as a map of texts, by cloud and module of its SDK.",
        "# Made by `python -m falaj.standin.taggable`; a test compares it with the SDKs that are installed.",
    ]
    for package in CLOUDS:
        library = sdk(package)
        lines += [
            f"{package}:",
            f"  version: {library.version}",
            f"  source: the SDK pulumi-{package} {library.version}",
            f"  reviewed: {datetime.now(UTC).date()}",
            "  types:",
        ]
        lines += [f"    {module}: [{', '.join(names)}]" for module, names in taggable(library).items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(written())
