"""Builds image folders with buildah into OCI archives in the cache: same inputs, same key, same digest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from falaj.errors import ImageError
from falaj.localcluster import binaries, go_toolchain
from falaj.localcluster.images.description import ImageFolder, read
from falaj.localcluster.images.lock import Lock, LockedImage
from falaj.localcluster.locks import lock
from falaj.localcluster.pins import MODULES, Module
from falaj.localcluster.places import cache_directory
from falaj.localcluster.progress import Progress, Silent
from falaj.localcluster.run import run

PLATFORM_FOLDERS = Path(__file__).parent
BUILDER_VERSION = "3"
"""Part of every key: to be raised when the way of building changes what comes out."""
ACCEPT_LOCAL = '{"default": [{"type": "insecureAcceptAnything"}]}'
UNFINISHED = ".unfinished"


def find_folders(parents: Iterable[Path]) -> tuple[Path, ...]:
    """The image folders directly in these directories."""
    return tuple(sorted(file.parent for parent in parents for file in parent.glob("*/image.toml")))


def archives() -> Path:
    """Where finished archives lie."""
    return cache_directory() / "images"


def build(
    folders: Sequence[Path],
    lock_path: Path,
    *,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Lock:
    """Build what is not in the cache and write the lock; bases come before what stands on them.

    Refuses a folder that is wrong, a name used twice, and a base that no folder of these and none of the platform's
    makes.

    Args:
        folders: The image folders.
        lock_path: Where the lock is written. Images that it names already, and whose archive is there, stay in it.
        names: The images to build; None for all but those marked ``on_demand``.
        progress: Told which image is being built.
    """
    built = bake(_chosen(tuple(read(folder) for folder in folders), names), progress or Silent())
    kept = Lock.read(lock_path).images if lock_path.exists() else {}
    lock = Lock({**{name: image for name, image in kept.items() if image.archive.exists()}, **built})
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
    archive = archives() / f"{folder.description.name.replace('/', '_')}-{_key(folder, base)[:16]}.tar"
    with lock(archive.stem):
        if not archive.exists():
            _bake(folder, base, archive, progress)
    return LockedImage(digest=_digest(archive), archive=archive)


def _modules(folder: ImageFolder) -> tuple[Module, ...]:
    known = {module.name: module for module in MODULES}
    for name in folder.description.binaries:
        if name not in known:
            raise ImageError(
                f"binaries: there is no Go module {name}; there are: {', '.join(known)}.",
                code="FAL-IMG-011",
                where=str(folder.path / "image.toml"),
                hint="choose one of these",
            )
    return tuple(known[name] for name in folder.description.binaries)


def _inputs(folder: ImageFolder) -> tuple[Path, ...]:
    """The files its patterns name; refuses a pattern that names none."""
    found: set[Path] = set()
    for pattern in folder.description.inputs:
        matches = [path for path in folder.path.glob(pattern) if path.is_file() and "__pycache__" not in path.parts]
        if not matches:
            raise ImageError(
                f"inputs: {pattern} names no file.",
                code="FAL-IMG-012",
                where=str(folder.path / "image.toml"),
                hint="mend the pattern or make the file",
            )
        found.update(matches)
    return tuple(sorted(found))


def _key(folder: ImageFolder, base: LockedImage | None) -> str:
    description = folder.description
    go_version = go_toolchain.find().version if description.binaries else ""
    scripts = (folder.path / "Containerfile", *([folder.stage] if folder.stage else []))
    content = {
        "builder": BUILDER_VERSION,
        "description": description.model_dump(mode="json", exclude={"on_demand"}),
        "base": base.digest if base else None,
        "scripts": {path.name: _file_key(path) for path in scripts},
        "inputs": {str(path.relative_to(folder.path)): _file_key(path) for path in _inputs(folder)},
        "binaries": {module.name: module.pin(go_version) for module in _modules(folder)},
        "packages": {name: _version(folder, name) for name in description.packages},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _version(folder: ImageFolder, package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        raise ImageError(
            f"packages: {package} is not installed.",
            code="FAL-IMG-021",
            where=str(folder.path / "image.toml"),
            hint="run: uv sync --extra local",
        ) from None


def _file_key(path: Path) -> str:
    return f"{_mode(path):o} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _mode(path: Path) -> int:
    """What version control keeps of a mode, and no umask changes."""
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def _bake(folder: ImageFolder, base: LockedImage | None, archive: Path, progress: Progress) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix="work-", suffix=UNFINISHED) as directory:
        work = Path(directory)
        context = work / "context"
        context.mkdir(mode=0o755)
        for path in _inputs(folder):
            target = context / path.relative_to(folder.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            target.chmod(_mode(path))
        _stage(folder, context, progress)
        _buildah(folder, base, work, archive)


def _stage(folder: ImageFolder, context: Path, progress: Progress) -> None:
    if folder.stage is None:
        return
    modules = _modules(folder)
    environment = {"FALAJ_CACHE": str(cache_directory()), "PYTHON": sys.executable, "SOURCE_DATE_EPOCH": "0"}
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


def _buildah(folder: ImageFolder, base: LockedImage | None, work: Path, archive: Path) -> None:
    """Build and pack with storage of its own, in a mount namespace of its own: nothing of it stays behind."""
    name = folder.description.name
    policy = work / "policy.json"
    policy.write_text(ACCEPT_LOCAL)
    storage: list[str | Path] = ["--root", work / "storage", "--runroot", work / "run", "--storage-driver", "vfs"]
    buildah: list[str | Path] = ["unshare", "--mount", "buildah", *storage]
    arguments = dict(folder.description.arguments)
    if base is not None:
        arguments["BASE"] = f"oci-archive:{base.archive}"
    given = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    environment = {"TMPDIR": str(work), "BUILDAH_ISOLATION": "chroot"}
    trust: list[str | Path] = ["--signature-policy", policy]
    reproducible = ["--isolation", "chroot", "--timestamp", "0", "--format", "oci", "--layers=false"]
    run(
        [
            *buildah,
            "bud",
            *trust,
            *reproducible,
            *given,
            "--tag",
            name,
            "-f",
            folder.path / "Containerfile",
            work / "context",
        ],
        environment=environment,
        error=ImageError,
        code="FAL-IMG-014",
        where=str(folder.path / "Containerfile"),
        hint="mend it, then run the same command again",
    )
    unfinished = work / "image.tar"
    run(
        # Layers are unpacked more often than they are packed, and zstd unpacks some four times faster than gzip.
        [
            *buildah,
            "push",
            *trust,
            "--compression-format",
            "zstd",
            "--compression-level",
            "1",
            name,
            f"oci-archive:{unfinished}:{name}:latest",
        ],
        environment=environment,
        error=ImageError,
        code="FAL-IMG-015",
    )
    unfinished.replace(archive)


def _digest(archive: Path) -> str:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("index.json")
        assert member is not None  # noqa: S101 - every OCI archive has one
        index = json.load(member)
    digest: str = index["manifests"][0]["digest"]
    return digest
