"""Whether what a model's folder holds may be served: decided from its files, before a session is made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository import inspection
from onnxruntime_server.repository.configuration import FILE_NAME, ModelSettings, parse
from onnxruntime_server.repository.folder import (
    LAYOUT,
    MODEL_BYTES,
    MODEL_FILE,
    SMALL_BYTES,
    VERSION,
    Fingerprint,
    Folder,
    external_path,
    refuse_code,
)
from onnxruntime_server.repository.inspection import Inspection
from onnxruntime_server.repository.manifest import Manifest, Manifests, digest

_ANY_SIZE: Final = float("inf")
_ONLY_VERSION: Final = "1"
"""The version of an ensemble or cascade, which has no folder for it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model as its folder describes it."""

    name: str
    """The folder's name."""

    settings: ModelSettings
    """What its config.toml says."""

    versions: tuple[str, ...]
    """What is to be served, in ascending order."""

    manifest: Manifest | None
    """What its files are checked against."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The files of a version as they were checked."""

    model: Path | bytes
    """The bytes that a manifest vouches for, or the path where there is none."""

    external: Mapping[str, bytes]
    """Files with weights that a manifest vouches for, by the names that the model has for them."""

    warm_up: tuple[bytes, ...]
    """Recorded requests."""

    is_bounded: bool = True
    """Whether a run's cost follows the size of its inputs."""


def describe(folder: Folder, name: str, manifests: Manifests | None) -> Candidate:
    """The model in a folder. Refuses a folder in another layout, and settings that no manifest lists."""
    numbered = folder.versions(name)
    manifest = None if manifests is None else manifests.of(folder, name)
    file = f"{name}/{FILE_NAME}"
    settings = ModelSettings()
    if folder.has(file) or (manifest is not None and file in manifest.digests):
        settings = parse(_read(folder, file, manifest), folder.root / file)
    if settings.is_composed:
        if files := [version for version in numbered if folder.has(f"{name}/{version}/{MODEL_FILE}")]:
            raise RepositoryError(
                f"{folder.root / name}: is an ensemble or cascade and has a model of its own in version {files[0]}"
            )
        return Candidate(name, settings, (numbered or (_ONLY_VERSION,))[-1:], manifest)
    listed = () if manifest is None else [file.split("/")[1] for file in manifest.below(name) if _is_model(file)]
    versions = tuple(sorted({*numbered, *listed}, key=int))
    if settings.versions == "latest":
        versions = versions[-1:]
    elif settings.versions != "all":
        versions = tuple(str(number) for number in sorted(set(settings.versions)))
    if not versions:
        raise RepositoryError(f"{folder.root / name}: no version in it; {LAYOUT}")
    return Candidate(name, settings, versions, manifest)


def fingerprint(folder: Folder, candidate: Candidate, version: str) -> Fingerprint:
    """Changes with everything that a version is made of."""
    where = f"{candidate.name}/{version}"
    files = (*folder.files(where), *_warm_up_files(candidate))
    listed = None if candidate.manifest is None else tuple(candidate.manifest.below(where).items())
    return (candidate.settings, listed, folder.fingerprint(files))


def admit(folder: Folder, candidate: Candidate, version: str) -> Admitted:
    """What a session may be made of. Refuses whatever a manifest does not vouch for, and what can't be computed.

    With a manifest each file is read once: what was checked is what is loaded, whatever happens to the folder
    meanwhile. Without one ONNX Runtime reads the file again, and whoever may write to the folder is trusted.
    """
    where = f"{candidate.name}/{version}"
    manifest = candidate.manifest
    files = folder.files(where)
    refuse_code(files)
    if manifest is not None:
        _compare(folder, manifest, where, files)
    file = f"{where}/{MODEL_FILE}"
    if not folder.has(file):
        raise RepositoryError(f"{folder.root / file}: no such file; {LAYOUT}")
    checked = None if manifest is None else manifest.read(folder, file, MODEL_BYTES)
    looked_at = folder.read_sparsely(file, MODEL_BYTES) if checked is None else checked
    try:
        found = inspection.inspect(looked_at)
        inspection.check(found)
        paths = _external_paths(where, found, manifest)
    except RepositoryError as error:
        raise RepositoryError(f"{folder.root / file}: {error}") from None
    if manifest is None:
        for path in paths.values():
            folder.check(path)
    else:
        for each in sorted(set(files) - {file, *paths.values()}):
            manifest.check(folder, each, digest(folder.chunks(each, _ANY_SIZE)))
    warm_up = tuple(_read(folder, each, manifest) for each in _warm_up_files(candidate))
    if manifest is None or checked is None:
        return Admitted(folder.root / file, {}, warm_up, found.is_bounded)
    external = {name: manifest.read(folder, path, _ANY_SIZE) for name, path in paths.items()}
    return Admitted(checked, external, warm_up, found.is_bounded)


def _compare(folder: Folder, manifest: Manifest, where: str, files: tuple[str, ...]) -> None:
    """Refuse files that are missing or not listed."""
    for file in manifest.below(where):
        if not folder.has(file):
            raise RepositoryError(f"{folder.root / file}: no such file, but {manifest.path} lists it")
    for file in files:
        if file not in manifest.digests:
            raise RepositoryError(f"{folder.root / file}: is not in {manifest.path}")


def _external_paths(where: str, found: Inspection, manifest: Manifest | None) -> dict[str, str]:
    """Where the files with weights lie, by the names that the model has for them."""
    if manifest is not None and found.nested_external_files:
        # ONNX Runtime takes these from the disk, after the check, even where it was given their bytes.
        raise RepositoryError(
            f"an inner graph has external data '{min(found.nested_external_files)}', which can't be held to a "
            "manifest; keep such weights in the model's own file or in its main graph"
        )
    names = sorted(found.external_files | found.nested_external_files)
    return {name: external_path(where, name) for name in names}


def _read(folder: Folder, file: str, manifest: Manifest | None, most: int = SMALL_BYTES) -> bytes:
    return folder.read(file, most) if manifest is None else manifest.read(folder, file, most)


def _warm_up_files(candidate: Candidate) -> tuple[str, ...]:
    return tuple(f"{candidate.name}/{file}" for file in candidate.settings.warm_up)


def _is_model(file: str) -> bool:
    parts = file.split("/")
    return parts[2:] == [MODEL_FILE] and VERSION.fullmatch(parts[1]) is not None
