"""The repository that Triton reads: a copy of what was checked, which nothing else writes to."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from triton_server import configuration, files, manifest
from triton_server.configuration import Configuration
from triton_server.errors import StartError
from triton_server.manifest import Trust
from triton_server.options import Options

VERSION: Final = re.compile(r"[1-9][0-9]{0,17}")
_OWN: Final = (manifest.FILE_NAME, manifest.SIGNATURE_NAME)
"""Files in a model's folder that are about it and not of it."""

LAYOUT: Final = "expected <model>/<version>/model.onnx, with a version such as 1"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that was checked and copied."""

    name: str
    configuration: Configuration


def prepare(options: Options) -> tuple[Model, ...]:
    """Copy every model that a manifest lists, or where none is asked for all, and say what they are.

    Each file is read once and its bytes are what is checked and what is copied: exchanging it between the two changes
    nothing. Refuses a changed, missing or unlisted file, a model without a version, and code.
    """
    root = options.models
    listed = _manifest(options, "")
    names = _names(root, listed)
    _clear(options.work)
    copied = tuple(_copy(options, name, _expected(options, name, listed)) for name in names)
    if not copied:
        raise StartError(f"{root}: holds no model; {LAYOUT}")
    _check_ensembles(root, copied)
    return copied


def _names(root: Path, listed: Mapping[str, str] | None) -> list[str]:
    """The models to serve: every folder, and every model of a manifest, so that none is missing unnoticed."""
    names = {*files.folders(root), *(file.partition("/")[0] for file in listed or ())}
    for name in names:
        if files.NAME.fullmatch(name) is None:
            raise StartError(f"{root / name}: a model's name is made of letters, digits and . _ -")
    return sorted(names)


def _manifest(options: Options, where: str) -> dict[str, str] | None:
    if not options.asks_for_a_manifest:
        return None
    return manifest.read(options.models, where, Trust(options.manifest_digests, options.manifest_key))


def _copy(options: Options, name: str, expected: Mapping[str, str] | None) -> Model:
    root = options.models
    found = [file for file in files.below(root, name) if file.partition("/")[2] not in _OWN]
    if expected is not None:
        _compare(root, name, set(found), expected)
    names = {PurePosixPath(file).name for file in found if VERSION.fullmatch(PurePosixPath(file).parent.name)}
    told = f"{name}/{configuration.FILE_NAME}"
    text = None
    for file in found:
        digest = files.copy(root, file, options.repository)
        if expected is not None and expected[file] != digest:
            raise StartError(f"{root / file}: was changed: it has {digest}, expected {expected[file]}")
        if file == told:
            text = (options.repository / file).read_bytes()
    settled = configuration.of(name, root / told, text, names, cpu_only=options.cpu_only)
    _settle(options.repository, name, settled)
    return Model(name, settled)


def _expected(options: Options, name: str, listed: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """The digests of a model's files, by the manifest of all or its own. Refuses a model that neither is about."""
    if not options.asks_for_a_manifest:
        return None
    if listed is None and (listed := _manifest(options, f"{name}/")) is None:
        raise StartError(f"{options.models / manifest.FILE_NAME}: no such file, nor one in the folder of '{name}'")
    return {file: digest for file, digest in listed.items() if file.startswith(f"{name}/")}


def _compare(root: Path, name: str, found: set[str], expected: Mapping[str, str]) -> None:
    if not expected:
        raise StartError(f"{root / name}: is in no manifest")
    for file in sorted(found - expected.keys()):
        raise StartError(f"{root / file}: is in no manifest")
    for file in sorted(expected.keys() - found):
        raise StartError(f"{root / file}: no such file, though the manifest lists it")


def _settle(repository: Path, name: str, settled: Configuration) -> None:
    """The configuration as it was settled, and for an ensemble, which has no file, the version that Triton wants."""
    folder = repository / name
    if settled.platform == configuration.ENSEMBLE:
        (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / configuration.FILE_NAME).write_bytes(configuration.written(settled))


def _check_ensembles(root: Path, models: tuple[Model, ...]) -> None:
    names = {model.name for model in models}
    for model in models:
        for step in model.configuration.ensemble_scheduling.step:
            if step.model_name not in names:
                where = root / model.name / configuration.FILE_NAME
                raise StartError(f"{where}: step '{step.model_name}' is no model here: {', '.join(sorted(names))}")


def _clear(work: Path) -> None:
    """A container that starts again finds what its older self has left."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        for entry in work.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    except OSError as error:
        raise StartError(f"{work}: can't be written: {error.strerror}; mount a volume there") from None
