"""What lies in the repository's folder: models, their versions and their files. Reads no file beyond its bounds."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository import sparse

MODEL_FILE: Final = "model.onnx"
MOST_MODELS: Final = 1_000
MOST_VERSIONS: Final = 100
MOST_FILES: Final = 1_000
DEEPEST: Final = 8
"""Folders within a version's folder."""

MODEL_BYTES: Final = 2**31 - 1
"""Protobuf, and so ONNX, has no larger message; larger models keep their weights beside it."""

SMALL_BYTES: Final = 16 * 1024 * 1024
"""Most bytes of any other file that is read whole."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
VERSION: Final = re.compile(r"[1-9][0-9]{0,17}")
LAYOUT: Final = f"expected <model>/<version>/{MODEL_FILE}, with a version such as 1"
_CODE: Final = re.compile(r".*\.(so(\.[0-9.]+)?|dll|dylib)", re.IGNORECASE)
_CHUNK: Final = 1024 * 1024

Fingerprint: TypeAlias = tuple[object, ...]
"""Changes when what it was taken of changes."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that nothing is read outside of, wherever a link in it leads."""

    root: Path
    """Its path, without links."""

    @classmethod
    def at(cls, path: Path) -> Folder:
        """The folder at a path. Refuses a path where none is."""
        try:
            root = path.resolve(strict=True)
        except (OSError, RuntimeError):
            raise RepositoryError(f"{path}: no such folder; {LAYOUT}") from None
        if not root.is_dir():
            raise RepositoryError(f"{path}: no folder; {LAYOUT}")
        return cls(root)

    def models(self) -> tuple[str, ...]:
        """The names of the models' folders. Passes over those that begin with a dot or an underscore."""
        names = sorted(entry.name for entry in _entries(self.root) if entry.name[0] not in "._" and _is_folder(entry))
        if len(names) > MOST_MODELS:
            raise RepositoryError(f"{self.root}: has {len(names)} models; expected {MOST_MODELS} at most")
        return tuple(names)

    def versions(self, model: str) -> tuple[str, ...]:
        """A model's version folders in ascending order. Refuses a name that can't stand in a URL."""
        path = self.root / model
        if NAME.fullmatch(model) is None:
            raise RepositoryError(f"{path}: a model's name is made of letters, digits and . _ -")
        numbers = sorted(
            int(entry.name) for entry in _entries(path) if VERSION.fullmatch(entry.name) and _is_folder(entry)
        )
        if len(numbers) > MOST_VERSIONS:
            raise RepositoryError(f"{path}: has {len(numbers)} versions; expected {MOST_VERSIONS} at most")
        return tuple(str(number) for number in numbers)

    def files(self, where: str) -> tuple[str, ...]:
        """The files below a folder, as paths from the root. Passes over names that begin with a dot."""
        found: list[str] = []
        for file in self._walk(where, 0):
            found.append(file)
            if len(found) > MOST_FILES:
                raise RepositoryError(f"{self.root / where}: has more than {MOST_FILES} files")
        return tuple(sorted(found))

    def _walk(self, where: str, depth: int) -> Iterator[str]:
        if depth > DEEPEST:
            raise RepositoryError(f"{self.root / where}: its folders are nested more than {DEEPEST} deep")
        for entry in _entries(self.root / where):
            if entry.name.startswith("."):
                continue
            if _is_folder(entry):
                yield from self._walk(f"{where}/{entry.name}", depth + 1)
            else:
                yield f"{where}/{entry.name}"

    def has(self, file: str) -> bool:
        """Whether there is something of that name, be it a link that leads nowhere."""
        return os.path.lexists(self.root / file)

    def read(self, file: str, most: float = SMALL_BYTES) -> bytes:
        """A file's bytes. Refuses one that lies outside, is larger than ``most`` or is no plain file."""
        return b"".join(self.chunks(file, most, chunk=None))

    def chunks(self, file: str, most: float, chunk: int | None = _CHUNK) -> Iterator[bytes]:
        """The same piece by piece."""
        path = self.root / file
        with os.fdopen(self._opened(path), "rb", buffering=0) as opened:
            size = _size_of(opened.fileno(), path, most)
            chunk = size + 1 if chunk is None else chunk
            while piece := opened.read(chunk):
                size -= len(piece)
                if size < 0:
                    raise RepositoryError(f"{path}: grows while it is read")
                yield piece

    def read_sparsely(self, file: str, most: float) -> bytes | mmap:
        """An ONNX file without the values of its large tensors. Refuses what ``read`` refuses."""
        path = self.root / file
        with os.fdopen(self._opened(path), "rb") as opened:
            return sparse.read(opened, _size_of(opened.fileno(), path, most))

    def _opened(self, path: Path) -> int:
        """A descriptor; what it leads to is looked at after it was opened, so that nothing can be put in its place."""
        try:
            opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            raise RepositoryError(f"{path}: no such file") from None
        except OSError as error:
            raise RepositoryError(f"{path}: can't be read: {error.strerror}") from None
        real = Path(os.readlink(f"/proc/self/fd/{opened}"))  # noqa: PTH115 - as bytes of the kernel, not as a path
        if not real.is_relative_to(self.root):
            os.close(opened)
            raise RepositoryError(f"{path}: leads out of {self.root}")
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            os.close(opened)
            raise RepositoryError(f"{path}: is no plain file")
        return opened

    def check(self, file: str) -> None:
        """Refuse a file that can't be read, or not from here."""
        os.close(self._opened(self.root / file))

    def fingerprint(self, files: tuple[str, ...]) -> Fingerprint:
        """Which files there are, and when each was last changed. A file that is replaced has another number."""
        return tuple((file, *_status(self.root / file)) for file in files)


def external_path(version_folder: str, location: str) -> str:
    """The path from the root of a file with weights. Refuses a location outside the version's folder."""
    if not location or "\0" in location or "\\" in location:
        raise RepositoryError(f"its external data {location!r} is no path; expected one below the model's folder")
    path = PurePosixPath(location)
    if path.is_absolute() or ".." in path.parts:
        raise RepositoryError(f"its external data '{location}' leaves the model's folder")
    return f"{version_folder}/{path}"


def refuse_code(files: tuple[str, ...]) -> None:
    """Refuse libraries of custom operators: whoever loads one runs it."""
    for file in files:
        if _CODE.fullmatch(file):
            raise RepositoryError(f"{file}: libraries of custom operators are not loaded")


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError as error:
        raise RepositoryError(f"{path}: can't be read: {error.strerror}") from None


def _size_of(opened: int, path: Path, most: float) -> int:
    size = os.fstat(opened).st_size
    if size > most:
        raise RepositoryError(f"{path}: has {size} bytes; expected {most} at most")
    return size


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _status(path: Path) -> tuple[int, ...]:
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev
