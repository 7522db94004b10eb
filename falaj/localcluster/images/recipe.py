"""All that decides what an image will be, and the hash of it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from pathlib import Path

from falaj.attestation import Build, Material
from falaj.errors import ImageError
from falaj.localcluster import go_toolchain
from falaj.localcluster.images.description import FILE, ImageFolder
from falaj.localcluster.images.lock import LockedImage
from falaj.localcluster.pins import MODULES, Module

BUILDER_VERSION = "5"
"""Part of every key: to be raised when the way of building changes what comes out."""
WHEEL_LOCK = "uv.lock"
"""An input of this name is the lock that the image's wheels were installed from."""


def modules(folder: ImageFolder) -> tuple[Module, ...]:
    """The Go modules whose binaries go in; refuses a name that is none of them."""
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


def inputs(folder: ImageFolder) -> tuple[Path, ...]:
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


def key(folder: ImageFolder, base: LockedImage | None) -> str:
    """A hash that changes with anything that goes in, and not with where the folder lies."""
    description = folder.description
    go_version = go_toolchain.find().version if description.binaries else ""
    scripts = (folder.path / "Containerfile", *([folder.stage] if folder.stage else []))
    content = {
        "builder": BUILDER_VERSION,
        "description": description.model_dump(mode="json", exclude={"on_demand"}),
        "base": base.digest if base else None,
        "scripts": {path.name: _file_key(path) for path in scripts},
        "inputs": {str(path.relative_to(folder.path)): _file_key(path) for path in inputs(folder)},
        "binaries": {module.name: module.pin(go_version) for module in modules(folder)},
        "packages": {name: _version(folder, name) for name in description.packages},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def record(folder: ImageFolder, base: LockedImage | None) -> Build:
    """What is said of the build when it is attested."""
    description = folder.description
    scripts = (folder.path / "Containerfile", folder.path / FILE, *([folder.stage] if folder.stage else []))
    files = {path.relative_to(folder.path).as_posix(): _sha256(path) for path in (*inputs(folder), *scripts)}
    materials = [Material(name, digest) for name, digest in sorted(files.items())]
    if base is not None:
        materials.append(Material(f"{description.base}@{base.digest}", base.digest.removeprefix("sha256:")))
    wheel_lock = folder.path / WHEEL_LOCK
    return Build(
        name=description.name,
        arguments=description.arguments,
        materials=tuple(materials),
        key=key(folder, base),
        version=BUILDER_VERSION,
        wheel_lock=wheel_lock.read_bytes() if wheel_lock in inputs(folder) else None,
    )


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
    return f"{mode(path):o} {_sha256(path)}"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mode(path: Path) -> int:
    """What version control keeps of a mode, and no umask changes."""
    return 0o755 if path.stat().st_mode & 0o100 else 0o644
