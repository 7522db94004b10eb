"""From what and how an image was built: the predicate of SLSA provenance, version 1.

It is written and signed by the machine that built, which is level 1 of SLSA's build track and says so by its builder.

Source: https://slsa.dev/spec/v1.0/provenance
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

PREDICATE: Final = "https://slsa.dev/provenance/v1"
BUILD_TYPE: Final = "https://falaj.dev/image-build/v1"
BUILDER: Final = "https://falaj.dev/builder/local"


@dataclass(frozen=True)
class Material:
    """One thing that went in."""

    name: str
    """A file's path from the image's folder, or a base's name with its digest."""

    sha256: str


@dataclass(frozen=True)
class Build:
    """One build of one image."""

    name: str
    arguments: Mapping[str, str]
    materials: tuple[Material, ...]
    """Files of the folder and the base."""

    key: str
    """The hash of all that decides what the image will be."""

    version: str
    """Of the way of building."""

    wheel_lock: bytes | None = None
    """The lock that its wheels were installed from, if it has any."""


def provenance(build: Build, components: Mapping[str, str]) -> dict[str, Any]:
    """Return the predicate; ``components`` are packages by package URL with their archive's SHA-256."""
    files = [{"name": each.name, "digest": {"sha256": each.sha256}} for each in build.materials]
    packages = [{"uri": url, "digest": {"sha256": digest}} for url, digest in sorted(components.items())]
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {"image": build.name, "arguments": dict(build.arguments)},
            "internalParameters": {"key": build.key, "version": build.version},
            "resolvedDependencies": [*files, *packages],
        },
        "runDetails": {"builder": {"id": BUILDER}},
    }
