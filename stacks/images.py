"""Image names of stack files, resolved to digests through the image lock."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from components.registry.names import image_below

if TYPE_CHECKING:
    from pathlib import Path

WITH_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
LOADED = "falaj.local/"
"""Images of this host are loaded onto the nodes; no registry serves them."""
TRAEFIK = "falaj.local/traefik"
CERT_MANAGER = "falaj.local/cert-manager"
ONNX_RUNTIME = "falaj.local/onnxruntime"
TRITON = "falaj.local/triton"
"""Triton for CPU, for the local cluster alone; clouds have one of their own, which the environment names."""
PLATFORM = frozenset({TRAEFIK, CERT_MANAGER, ONNX_RUNTIME})
"""Images that run in every cluster."""
MODELS = "falaj.local/models/"
"""What the names of model images begin with."""


@dataclass(frozen=True, slots=True)
class Images:
    """What each image name stands for."""

    locked: Mapping[str, str]
    """Image with digest, by name."""
    lock: Path
    """The file they were read from."""
    assumed: bool = False
    """Whether every name has a digest, of zeros: for what looks at a stack and at no image of it."""
    prefix: str | None = None
    """What the names of images in an environment's own registry begin with; None where nothing is mirrored."""

    def find(self, name: str) -> str | None:
        """Return the image as name@sha256:…, or None where the lock has no such name."""
        image = name if WITH_DIGEST.fullmatch(name) else self.locked.get(name)
        if image is None and self.assumed:
            image = f"{name}@sha256:{'0' * 64}"
        return image if image is None or self.prefix is None else image_below(self.prefix, image)

    def require(self, name: str) -> str:
        """Return the image as name@sha256:…; refuses a name that the settings should have refused."""
        found = self.find(name)
        if found is None:
            raise LookupError(f"{name} is not in {self.lock}")
        return found

    def below(self, prefix: str) -> Images:
        """Return the images as an environment's own registry holds them, below that prefix."""
        return replace(self, prefix=prefix)

    @property
    def registries(self) -> tuple[str, ...]:
        """The host of the environment's own registry; none where nothing is mirrored."""
        return () if self.prefix is None else (self.prefix.partition("/")[0],)

    def served(self) -> tuple[str, ...]:
        """Return what a cluster in a cloud pulls: the platform's images and every model in the lock, by name."""
        return tuple(name for name in sorted(self.locked) if name in PLATFORM or name.startswith(MODELS))


def read_images(lock: Path) -> Images:
    """Read the image lock; a file that is missing or damaged locks nothing."""
    try:
        entries = json.loads(lock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        entries = {}
    if not isinstance(entries, dict):
        entries = {}
    found = {name: _reference(name, entry) for name, entry in entries.items()}
    return Images(locked={name: image for name, image in found.items() if WITH_DIGEST.fullmatch(image)}, lock=lock)


def pull_policy(image: str) -> Literal["Never", "IfNotPresent"]:
    """Return how a node comes by the image."""
    return "Never" if image.startswith(LOADED) else "IfNotPresent"


def _reference(name: str, entry: Any) -> str:  # noqa: ANN401 - a JSON value
    if not isinstance(entry, dict):
        return ""
    return f"{entry.get('repository', name)}@{entry.get('digest', '')}"
