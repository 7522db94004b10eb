"""The files below a folder: read within bounds, never outside of it, and nothing that would be run."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from triton_server.errors import StartError

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
CODE: Final = re.compile(r".*\.(py|pyc|pyd|sh|so(\.[0-9.]+)?|dll|dylib|pt|pt2|tar\.gz)", re.IGNORECASE)
"""Programs, libraries, and archives that a backend unpacks and runs."""

DOCUMENTS: Final = (".json", ".md", ".pbtxt", ".sig", ".toml", ".txt", ".yaml", ".yml")
"""What may lie directly in a model's folder; a program of the right name there would be run in the backend's place."""
MOST_FILES: Final = 1_000
DEEPEST: Final = 8
SMALL_BYTES: Final = 16 * 2**20
"""Most bytes of a file that is read whole."""
_PIECE: Final = 2**20


def folders(root: Path) -> tuple[str, ...]:
    """The names of folders, but those that begin with a dot or an underscore. Refuses a path that is no folder."""
    try:
        return tuple(sorted(entry.name for entry in root.iterdir() if entry.is_dir() and entry.name[0] not in "._"))
    except OSError as error:
        raise StartError(f"{root}: can't be read as a folder: {error.strerror}") from None


def below(root: Path, where: str) -> tuple[str, ...]:
    """The files below a folder as paths from the root. Passes over names that begin with a dot.

    Refuses too many of them, folders nested too deep, and code: nothing of a model's own is run.
    """
    found = sorted(_walk(root, where, 0))
    if len(found) > MOST_FILES:
        raise StartError(f"{root / where}: has more than {MOST_FILES} files")
    for file in found:
        if CODE.fullmatch(file) or (file.count("/") == 1 and not file.endswith(DOCUMENTS)):
            raise StartError(f"{root / file}: a model's own code is not run; remove it")
    return tuple(found)


def _walk(root: Path, where: str, depth: int) -> Iterator[str]:
    if depth > DEEPEST:
        raise StartError(f"{root / where}: its folders are nested more than {DEEPEST} deep")
    try:
        entries = list(os.scandir(root / where))
    except OSError as error:
        raise StartError(f"{root / where}: can't be read: {error.strerror}") from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(root, f"{where}/{entry.name}", depth + 1)
        else:
            yield f"{where}/{entry.name}"


def read(root: Path, file: str) -> bytes:
    """A small file's bytes. Refuses one that is large, leads out of the root or is no plain file."""
    data = bytearray()
    for piece in pieces(root, file):
        data += piece
        if len(data) > SMALL_BYTES:
            raise StartError(f"{root / file}: has more than {SMALL_BYTES} bytes")
    return bytes(data)


def pieces(root: Path, file: str) -> Iterator[bytes]:
    """The same piece by piece, however large. What a link leads to is looked at after it was opened."""
    path = root / file
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise StartError(f"{path}: no such file") from None
    except OSError as error:
        raise StartError(f"{path}: can't be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb", buffering=0) as opened:
        real = Path(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - as the kernel knows it
        if not real.is_relative_to(root.resolve()):
            raise StartError(f"{path}: leads out of {root}")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StartError(f"{path}: is no plain file")
        while piece := opened.read(_PIECE):
            yield piece


def copy(root: Path, file: str, to: Path) -> str:
    """Write a file's bytes elsewhere; `sha256:<64 hex>` of what was written."""
    found = hashlib.sha256()
    target = to / file
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("xb") as written:
            for piece in pieces(root, file):
                found.update(piece)
                written.write(piece)
    except OSError as error:
        raise StartError(f"{target}: can't be written: {error.strerror}; give {to} more room") from None
    return f"sha256:{found.hexdigest()}"
