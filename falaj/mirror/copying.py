"""Copies a list of images, each checked before and after: what is there already is left alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from falaj.errors import ImageError
from falaj.mirror.image import ARCHIVE, REGISTRY, Image

Progress = Callable[[str, int, int], None]
"""Told what is done next, how many are done and how many there are."""


class Status(StrEnum):
    """What became of one image."""

    PRESENT = "present"
    """It was there already."""
    COPIED = "copied"
    """It was copied and read back."""
    MISSING = "missing"
    """It is not there; nothing was copied, because nothing was to be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One image and what became of it."""

    image: Image
    status: Status


class Copier(Protocol):
    """Reads manifests and copies images."""

    def manifest(self, place: str) -> bytes | None:
        """Return the raw manifest at a place, None where there is none."""

    def copy(self, source: str, destination: str) -> None:
        """Copy an image, its digest unchanged."""


def copy_all(
    images: Sequence[Image], copier: Copier, *, dry_run: bool = False, progress: Progress | None = None
) -> Iterator[Outcome]:
    """Copy the images that are not there yet, one after the other; each outcome is known when its turn is over.

    Refuses a source that is gone or holds something else, a tag that somebody else took, and a copy that reads back
    differently. Whatever stops it, the same call again goes on where it stopped.
    """
    for position, image in enumerate(images):
        if progress is not None:
            progress(image.name, position, len(images))
        if is_present(image, copier):
            yield Outcome(image, Status.PRESENT)
        elif dry_run:
            yield Outcome(image, Status.MISSING)
        else:
            _check_source(image, copier)
            copier.copy(image.source, f"{REGISTRY}{image.tagged}")
            _check_copy(image, copier)
            yield Outcome(image, Status.COPIED)


def is_present(image: Image, copier: Copier) -> bool:
    """Whether the registry holds the image under its tag. Refuses a tag that holds another image."""
    found = copier.manifest(f"{REGISTRY}{image.tagged}")
    if found is None:
        return False
    if digest_of(found) != image.digest:
        raise ImageError(
            f"The tag holds {digest_of(found)}: somebody else wrote it.",
            code="FAL-MIR-010",
            where=image.tagged,
            hint="find out who pushed it, remove the tag and run the same command again",
        )
    return True


def digest_of(manifest: bytes) -> str:
    """Return the digest of a manifest as it travels."""
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _check_source(image: Image, copier: Copier) -> None:
    """An immutable tag with a wrong image under it could never be mended, so look before."""
    if image.source.startswith(ARCHIVE) and not Path(image.source.removeprefix(ARCHIVE)).is_file():
        raise ImageError(
            f"Its archive {image.source.removeprefix(ARCHIVE)} is gone.",
            code="FAL-MIR-008",
            where=f"image {image.name}",
            hint="run: falaj images build",
        )
    found = copier.manifest(image.source)
    if found is None or digest_of(found) != image.digest:
        holds = "nothing" if found is None else digest_of(found)
        raise ImageError(
            f"{image.source} holds {holds}, not {image.digest}.",
            code="FAL-MIR-009",
            where=f"image {image.name}",
            hint="run: falaj images build" if image.source.startswith(ARCHIVE) else "correct its digest",
        )


def _check_copy(image: Image, copier: Copier) -> None:
    """Read back by digest what was written by tag: the list, and the manifest of each platform in it."""
    digests = [image.digest]
    for digest in digests:
        found = copier.manifest(f"{REGISTRY}{image.repository}@{digest}")
        if found is None or digest_of(found) != digest:
            raise ImageError(
                f"It was copied, and reads back as {'nothing' if found is None else digest_of(found)}.",
                code="FAL-MIR-011",
                where=f"{image.repository}@{digest}",
                hint="run the same command again; if it stays so, the registry does not keep what it is given",
            )
        digests += _children(found)


def _children(manifest: bytes) -> list[str]:
    listed = json.loads(manifest).get("manifests", [])
    return [each["digest"] for each in listed]
