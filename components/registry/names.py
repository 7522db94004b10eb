"""How an image is called in the registry of an environment: its whole original name, below the registry's prefix.

The original name stays readable, two images never meet in one repository, and the way back needs no table.
"""

from __future__ import annotations

import re

REFERENCE = re.compile(
    r"(?P<name>[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+)(:[\w.-]+)?@(?P<digest>sha256:[0-9a-f]{64})"
)
"""An image by digest; a tag beside the digest says nothing and is dropped."""
REPOSITORY = r"[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)+"
"""What both clouds take as the name of a repository."""


def repository_of(name: str) -> str:
    """Return the repository of an image of that name, without tag or digest: a host's port is set off by a hyphen."""
    return name.replace(":", "-")


def image_below(prefix: str, image: str) -> str:
    """Return the image, given as name@sha256:…, as it is called below that prefix. Refuses an image without digest."""
    name, _, digest = without_tag(image).partition("@")
    return f"{prefix}/{repository_of(name)}@{digest}"


def without_tag(image: str) -> str:
    """Return the image as name@sha256:…, without the tag that may stand beside it. Refuses an image without digest."""
    found = REFERENCE.fullmatch(image)
    if found is None:
        raise ValueError(f"{image} has no digest, allowed: name@sha256:<64 hex>")
    return f"{found['name']}@{found['digest']}"
