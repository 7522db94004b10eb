"""The model repository: a folder in Triton's layout, ``<name>/<version>/model.onnx``."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from onnxruntime_server.engine.model import Model
from onnxruntime_server.errors import (
    InvalidArgumentError,
    ModelFailedError,
    NotFoundError,
    RepositoryError,
    UnavailableError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from onnxruntime_server.protocol.messages import ModelMetadata

_LOG = logging.getLogger(__name__)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION: Final = re.compile(r"[1-9][0-9]{0,17}")
_LAYOUT: Final = "expected <model>/<version>/model.onnx, with a version such as 1"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """Where one version of a model lies."""

    name: str
    """The model's folder name."""

    version: str
    """The version's folder name, a positive number."""

    path: Path
    """The ONNX file."""


def scan(root: Path) -> tuple[ModelFile, ...]:
    """The models under ``root``, each one's versions in ascending order.

    Folders whose names begin with a dot or an underscore are passed over. Refuses a missing or empty folder, a name
    that could not stand in a URL and a model without a version.
    """
    if not root.is_dir():
        raise RepositoryError(f"{root}: no such folder; {_LAYOUT}")
    found: list[ModelFile] = []
    for folder in sorted(root.iterdir()):
        if folder.name.startswith((".", "_")) or not folder.is_dir():
            continue
        if _NAME.fullmatch(folder.name) is None:
            raise RepositoryError(f"{folder}: a model's name is made of letters, digits and . _ -")
        found.extend(_versions(folder))
    if not found:
        raise RepositoryError(f"{root}: no model in it; {_LAYOUT}")
    return tuple(found)


def _versions(folder: Path) -> list[ModelFile]:
    numbers = sorted(int(entry.name) for entry in folder.iterdir() if _VERSION.fullmatch(entry.name) and entry.is_dir())
    if not numbers:
        raise RepositoryError(f"{folder}: no version in it; {_LAYOUT}")
    files = [ModelFile(folder.name, str(number), folder / str(number) / "model.onnx") for number in numbers]
    for file in files:
        if not file.path.is_file():
            raise RepositoryError(f"{file.path}: no such file; {_LAYOUT}")
    return files


class Repository:
    """The models of one folder. Nothing is served until every one of them is loaded and warmed up."""

    ready: bool
    """Whether all models are loaded."""

    def __init__(self, files: tuple[ModelFile, ...]) -> None:
        self.ready = False
        self._files = files
        self._models: dict[str, dict[str, Model]] = {file.name: {} for file in files}

    def load(self, threads: int) -> None:
        """Load and warm up every model. A model that can't be loaded stops the whole."""
        for file in self._files:
            model = Model(file.name, file.version, file.path, threads)
            facts: dict[str, object] = {"model": file.name, "version": file.version}
            try:
                facts["run_seconds"] = round(model.warm_up(), 6)
            except (InvalidArgumentError, ModelFailedError):
                facts["warm_up"] = "the model refuses zeros; its first request will be slower"
            self._models[file.name][file.version] = model
            _LOG.info("model loaded", extra={"facts": facts})
        self.ready = True

    def model(self, name: str, version: str | None) -> Model:
        """The given version, or the newest where none is given."""
        if (versions := self._models.get(name)) is None:
            known = ", ".join(f"'{known}'" for known in self._models)
            raise NotFoundError(f"no model '{name}'; this server has {known}")
        if not self.ready:
            raise UnavailableError(f"model '{name}' is still loading")
        if version is None:
            return next(reversed(versions.values()))
        if (model := versions.get(version)) is None:
            raise NotFoundError(f"model '{name}' has no version '{version}'; it has {', '.join(versions)}")
        return model

    def metadata(self, name: str, version: str | None) -> ModelMetadata:
        """What a client is told about a model."""
        return replace(self.model(name, version).metadata, versions=tuple(self._models[name]))

    def models(self) -> tuple[Model, ...]:
        """Every loaded version of every model."""
        return tuple(model for versions in self._models.values() for model in versions.values())
