"""An OCI archive of one image, every blob of it held to the digest that names it."""

from __future__ import annotations

import hashlib
import json
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from falaj.attestation.fault import UnprovenError

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

BLOBS: Final = "blobs/sha256/"
PLAIN: Final = frozenset({"index.json", "oci-layout"})
LONGEST_DOCUMENT: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Layer:
    """One layer of an image."""

    member: str
    """Its name in the archive."""

    compression: str
    """How it is packed: ``zstd``, ``gzip`` or nothing."""


@dataclass(frozen=True)
class Image:
    """What an archive holds."""

    archive: Path
    name: str
    """The image's name without tag, as whoever loads the archive will know it."""

    digest: str
    """SHA-256 of its manifest, in hexadecimal digits."""

    layers: tuple[Layer, ...]
    """Lowest first."""

    blobs: frozenset[str]
    """Digests of all that it consists of."""


def read(archive: Path) -> Image:
    """Read what an archive says of itself; raises ``UnprovenError`` where it is no OCI archive of one image."""
    with _opened(archive) as tar:
        try:
            (entry,) = _document(tar, "index.json")["manifests"]
            digest = str(entry["digest"]).removeprefix("sha256:")
            name, _, _ = str(entry["annotations"]["org.opencontainers.image.ref.name"]).rpartition(":")
            manifest = _document(tar, f"{BLOBS}{digest}")
            packed = [(str(each["digest"]), str(each["mediaType"])) for each in manifest["layers"]]
            configuration = str(manifest["config"]["digest"])
        except (KeyError, TypeError, ValueError) as error:
            raise UnprovenError(f"{archive.name} is no OCI archive of one image: {error}") from None
    used = {digest, *(each.removeprefix("sha256:") for each in (configuration, *(blob for blob, _ in packed)))}
    layers = tuple(Layer(f"{BLOBS}{blob.removeprefix('sha256:')}", kind.rpartition("+")[2]) for blob, kind in packed)
    return Image(archive, name, digest, layers, frozenset(used))


def check(image: Image) -> None:
    """Hold every blob to its name; raises ``UnprovenError`` for one that was changed, is missing or is not needed."""
    found: set[str] = set()
    with _opened(image.archive) as tar:
        for member in _members(tar, image.archive):
            digest = member.name.removeprefix(BLOBS)
            if digest == member.name:
                if member.isfile() and member.name not in PLAIN:
                    raise UnprovenError(f"{image.archive.name} holds {member.name}, which is no part of an image")
                continue
            if not member.isfile() or digest not in image.blobs:
                raise UnprovenError(f"{image.archive.name} holds {member.name}, which the manifest does not name")
            if _sha256(_stream(tar, member)) != digest:
                raise UnprovenError(f"{image.archive.name}: blob sha256:{digest} was changed")
            found.add(digest)
    for digest in sorted(image.blobs - found):
        raise UnprovenError(f"{image.archive.name}: blob sha256:{digest} is missing")


def sha256(archive: Path) -> str:
    """Return the SHA-256 of the whole file."""
    try:
        with archive.open("rb") as stream:
            return _sha256(stream)
    except OSError as error:
        raise UnprovenError(f"{archive} can't be read: {error.strerror}") from None


@contextmanager
def layer(image: Image, which: Layer) -> Iterator[tarfile.TarFile]:
    """Open a layer, to be read once from its beginning."""
    with _opened(image.archive) as tar:
        packed: IO[bytes] | ZstdFile = _stream(tar, tar.getmember(which.member))
        if which.compression == "zstd":
            packed = ZstdFile(packed)
        with tarfile.open(fileobj=packed, mode="r|gz" if which.compression == "gzip" else "r|") as opened:
            yield opened


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise UnprovenError(f"{archive.name} is no tar archive, or a damaged one: {error}") from None
    except OSError as error:
        raise UnprovenError(f"{archive} can't be read: {error.strerror or error}") from None


def _members(tar: tarfile.TarFile, archive: Path) -> list[tarfile.TarInfo]:
    members = tar.getmembers()
    names = [member.name for member in members]
    for name in {name for name in names if names.count(name) > 1}:
        raise UnprovenError(f"{archive.name} holds {name} twice")
    return members


def _stream(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(member)
    if stream is None:
        raise UnprovenError(f"{member.name} is no file")
    return stream


def _document(tar: tarfile.TarFile, name: str) -> Mapping[str, Any]:
    try:
        content = json.loads(_stream(tar, tar.getmember(name)).read(LONGEST_DOCUMENT))
    except KeyError:
        raise UnprovenError(f"there is no {name} in the archive") from None
    if not isinstance(content, Mapping):
        raise TypeError(f"{name} holds no object")
    return content


def _sha256(stream: IO[bytes]) -> str:
    return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type] # typeshed asks for readinto, which only some streams declare
