"""One image on its way: what it is, where it comes from and where it goes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from falaj.errors import ConfigurationError

REFERENCE = re.compile(
    r"(?P<name>[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*)+)(:[\w.-]+)?@(?P<digest>sha256:[0-9a-f]{64})"
)
ARCHIVE = "oci-archive:"
REGISTRY = "docker://"


@dataclass(frozen=True, slots=True)
class Image:
    """An image by name and digest, the place it is copied from and the repository it is copied to."""

    name: str
    """Its original name, without tag and digest."""
    digest: str
    """Digest of its manifest, or of the list of its manifests."""
    source: str
    """Where it is now, as skopeo names places: an archive or a registry."""
    repository: str
    """Where it goes: registry and repository, without tag and digest."""

    @property
    def reference(self) -> str:
        """How a pod names it once it is there."""
        return f"{self.repository}@{self.digest}"

    @property
    def tagged(self) -> str:
        """The copy by a tag of its own.

        Registries clean up what has no tag, and a tag made of the digest can never have to move. It is not the digest
        alone, because under that name registries keep signatures.
        """
        return f"{self.repository}:mirrored-{self.digest.removeprefix('sha256:')}"


def read_reference(reference: str) -> tuple[str, str]:
    """Return name and digest of an image given as name@sha256:…; refuses one without digest."""
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise ConfigurationError(
            "It has no digest: what a tag stands for can change.",
            code="FAL-MIR-001",
            where=f"image {reference}",
            hint="write it as name@sha256:<64 hex>",
        )
    return found["name"], found["digest"]
