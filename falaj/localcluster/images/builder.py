"""Builds image folders with buildah into OCI archives in the cache: same inputs, same key, same digest."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from falaj.attestation import UnprovenError, attest, is_attested, sha256
from falaj.errors import ImageError
from falaj.localcluster import binaries
from falaj.localcluster.images import buildah, recipe
from falaj.localcluster.images.description import ImageFolder, read
from falaj.localcluster.images.lock import Lock, LockedImage
from falaj.localcluster.locks import lock
from falaj.localcluster.packages import PROGRAM_PATH
from falaj.localcluster.places import cache_directory
from falaj.localcluster.progress import Progress, Silent
from falaj.localcluster.run import run
from falaj.signing import PrivateKey

PLATFORM_FOLDERS = Path(__file__).parent
UNFINISHED = ".unfinished"


def find_folders(parents: Iterable[Path]) -> tuple[Path, ...]:
    """The image folders directly in these directories."""
    return tuple(sorted(file.parent for parent in parents for file in parent.glob("*/image.toml")))


def archives() -> Path:
    """Where finished archives lie."""
    return cache_directory() / "images"


def attestations(beside: Path, name: str) -> Path:
    """Where the documents about an image lie, in the folder that holds the image lock."""
    return beside / "attestations" / name.replace("/", "_")


def build(
    folders: Sequence[Path],
    lock_path: Path,
    *,
    names: Sequence[str] | None = None,
    signer: PrivateKey | None = None,
    progress: Progress | None = None,
) -> Lock:
    """Build what is not in the cache and write the lock; bases come before what stands on them.

    Refuses a folder that is wrong, a name used twice, and a base that no folder of these and none of the platform's
    makes.

    Args:
        folders: The image folders.
        lock_path: Where the lock is written. Images that it names already, and whose archive is there, stay in it.
        names: The images to build; None for all but those marked ``on_demand``.
        signer: Signs a bill of materials and provenance of each, which then lie beside the lock.
        progress: Told which image is being built.
    """
    chosen = _chosen(tuple(read(folder) for folder in folders), names)
    built = bake(chosen, progress or Silent())
    kept = Lock.read(lock_path).images if lock_path.exists() else {}
    lock = Lock({**{name: image for name, image in kept.items() if image.archive.exists()}, **built})
    if signer is not None:
        _attest(_in_order(chosen), lock, lock_path.parent, signer, progress or Silent())
    lock.write(lock_path)
    return lock


def bake(folders: tuple[ImageFolder, ...], progress: Progress) -> dict[str, LockedImage]:
    """Build these images, and the bases they need, and write no lock."""
    ordered = _in_order(folders)
    started = time.monotonic()
    built: dict[str, LockedImage] = {}
    for position, folder in enumerate(ordered):
        left = (time.monotonic() - started) / position * (len(ordered) - position) if position else None
        progress.step(f"building image {folder.description.name}", position, len(ordered), left)
        built[folder.description.name] = _build_one(folder, built, progress)
    progress.step("images are built", len(ordered), len(ordered), 0)
    return built


def _chosen(folders: tuple[ImageFolder, ...], names: Sequence[str] | None) -> tuple[ImageFolder, ...]:
    if names is None:
        return tuple(folder for folder in folders if not folder.description.on_demand)
    known = {folder.description.name: folder for folder in folders}
    for name in names:
        if name not in known:
            raise ImageError(
                f"No image folder makes it; there are: {', '.join(sorted(known)) or 'none'}.",
                code="FAL-IMG-020",
                where=f"image {name}",
                hint="choose one of these",
            )
    return tuple(known[name] for name in names)


def _in_order(folders: tuple[ImageFolder, ...]) -> tuple[ImageFolder, ...]:
    """Bases first, and bases of the platform's own where they are needed."""
    by_name: dict[str, ImageFolder] = {}
    for folder in folders:
        name = folder.description.name
        if name in by_name:
            raise ImageError(
                f"{by_name[name].path} has the same name, {name}.",
                code="FAL-IMG-008",
                where=str(folder.path / "image.toml"),
                hint="rename one of them",
            )
        by_name[name] = folder
    ordered: dict[str, ImageFolder] = {}
    for folder in folders:
        _append(folder, by_name, ordered, ())
    return tuple(ordered.values())


def _append(
    folder: ImageFolder, by_name: dict[str, ImageFolder], ordered: dict[str, ImageFolder], above: tuple[str, ...]
) -> None:
    name, base = folder.description.name, folder.description.base
    if name in above:
        raise ImageError(
            f"Its base stands on itself: {' -> '.join((*above, name))}.",
            code="FAL-IMG-009",
            where=str(folder.path / "image.toml"),
            hint="break the circle",
        )
    if base is not None:
        _append(_base(folder, base, by_name), by_name, ordered, (*above, name))
    ordered.setdefault(name, folder)


def _base(folder: ImageFolder, base: str, by_name: dict[str, ImageFolder]) -> ImageFolder:
    if base in by_name:
        return by_name[base]
    for path in find_folders([PLATFORM_FOLDERS]):
        candidate = read(path)
        if candidate.description.name == base:
            return candidate
    raise ImageError(
        f"base: no image folder makes {base}.",
        code="FAL-IMG-010",
        where=str(folder.path / "image.toml"),
        hint="name an image of another folder, or build that folder too",
    )


def _build_one(folder: ImageFolder, built: dict[str, LockedImage], progress: Progress) -> LockedImage:
    base = built[folder.description.base] if folder.description.base else None
    archive = archives() / f"{folder.description.name.replace('/', '_')}-{recipe.key(folder, base)[:16]}.tar"
    with lock(archive.stem):
        if not archive.exists():
            _bake(folder, base, archive, progress)
    return LockedImage(digest=_digest(archive), archive=archive)


def _attest(
    folders: tuple[ImageFolder, ...], made: Lock, documents: Path, signer: PrivateKey, progress: Progress
) -> None:
    """What was attested with this key stays: archives are never written twice."""
    for position, folder in enumerate(folders):
        name, base = folder.description.name, folder.description.base
        archive = made.find(name).archive
        place = attestations(documents, name)
        try:
            if is_attested(place, sha256(archive), signer.public_key()):
                continue
            progress.step(f"writing what proves image {name}", position, len(folders), None)
            attest(archive, recipe.record(folder, made.find(base) if base else None), signer, place)
        except UnprovenError as error:
            raise ImageError(
                f"{error}.", code="FAL-IMG-022", where=f"image {name}", hint=f"delete {archive} and build again"
            ) from None


def _bake(folder: ImageFolder, base: LockedImage | None, archive: Path, progress: Progress) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix="work-", suffix=UNFINISHED) as directory:
        work = Path(directory)
        context = work / "context"
        context.mkdir()
        for path in recipe.inputs(folder):
            target = context / path.relative_to(folder.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        _stage(folder, context, progress)
        _settle_modes(context)
        buildah.build(folder, base, work, archive)


def _settle_modes(context: Path) -> None:
    """A mode depends on nothing but whether its owner may execute the file: not on a umask, not on a checkout."""
    for path in context.rglob("*"):
        if not path.is_symlink():
            path.chmod(recipe.mode(path))


def _stage(folder: ImageFolder, context: Path, progress: Progress) -> None:
    if folder.stage is None:
        return
    modules = recipe.modules(folder)
    environment = {
        "FALAJ_CACHE": str(cache_directory()),
        "PYTHON": sys.executable,
        "SOURCE_DATE_EPOCH": "0",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}:{PROGRAM_PATH}",
    }
    if modules:
        environment["FALAJ_BIN"] = str(binaries.build(progress, modules))
    run(
        [folder.stage.absolute(), context],
        directory=folder.path,
        environment=environment,
        error=ImageError,
        code="FAL-IMG-013",
        where=str(folder.stage),
        hint="mend that script or what it misses, then run the same command again",
    )


def _digest(archive: Path) -> str:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("index.json")
        assert member is not None  # noqa: S101 - every OCI archive has one
        index = json.load(member)
    digest: str = index["manifests"][0]["digest"]
    return digest
