"""The resource types of an SDK by token: read once, then kept in the cache for the next process."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

from falaj.standin.reader import read_type
from falaj.standin.sdk import sdk
from falaj.standin.shapes import ResourceType

_READERS = ("annotations.py", "library.py", "reader.py", "sdk.py", "shapes.py")


def package_of(token: str) -> str:
    """The package that a type token belongs to."""
    return token.rpartition(":")[2] if token.startswith("pulumi:providers:") else token.partition(":")[0]


@cache
def resource_type(token: str) -> ResourceType | None:
    """The type with this token; None when the installed SDK has no such type."""
    library = sdk(package_of(token))
    file = _directory() / f"{library.package}-{library.version}" / f"{token.replace(':', '+').replace('/', '-')}.json"
    with contextlib.suppress(OSError, ValueError, KeyError):
        return ResourceType.from_json(json.loads(file.read_bytes()))
    if token not in library.resources:
        return None
    found = read_type(library, token)
    _keep(file, json.dumps(found.as_json(), separators=(",", ":")))
    return found


@cache
def _directory() -> Path:
    """Where read types are kept: what another version of this reader wrote is not looked at."""
    chosen = os.environ.get("FALAJ_CACHE")
    root = Path(chosen).absolute() if chosen else platformdirs.user_cache_path("falaj")
    source = b"".join((Path(__file__).parent / name).read_bytes() for name in _READERS)
    return root / "standin" / hashlib.sha256(source).hexdigest()[:12]


def _keep(file: Path, text: str) -> None:
    """Write a whole file or none: several processes may read the same type at once. A full disk costs time alone."""
    with contextlib.suppress(OSError):
        if not file.parent.exists():
            _forget_other_readers()
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as part:
            part.write(text)
        Path(part.name).replace(file)


def _forget_other_readers() -> None:
    """Give back what former versions of this reader kept."""
    kept = _directory()
    for other in kept.parent.iterdir() if kept.parent.is_dir() else ():
        if other != kept:
            shutil.rmtree(other, ignore_errors=True)
