"""The folder of backends: Triton's own, or for the local variant a copy that Triton 2.51 may change.

That release makes the program of its Python backend executable whenever a model is loaded, also where it is, and takes
no for an error: neither a read-only root file system nor another owner than the user it runs as will do. Links into
the root file system will not do either: a backend's library must lie in its folder.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from triton_server.errors import StartError
from triton_server.options import Options

STUB: Final = "triton_python_backend_stub"


@dataclass(frozen=True, slots=True)
class Backends:
    """Where backends lie, and where a copy of them finds what it would have found beside its old place."""

    folder: Path
    packages: Path | None = None
    """For the local variant, the folder of its Python packages and of its libraries."""


def prepare(options: Options) -> Backends:
    """The backends to use. Refuses a working folder without room."""
    own = options.triton / "backends"
    if not (own / "python" / STUB).exists() or not (own / "onnxruntime" / "model.py").exists():
        return Backends(own)
    folder = options.work / "backends"
    try:
        shutil.copytree(own, folder, ignore=shutil.ignore_patterns("__pycache__"))
    except OSError as error:
        raise StartError(f"{folder}: can't be written: {error.strerror}; give {options.work} more room") from None
    return Backends(folder, options.triton.resolve().parents[1])
