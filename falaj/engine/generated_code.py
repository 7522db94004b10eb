"""Imports generated SDKs in a third of the time: modules when they are asked for, types as text, no documentation.

Half of what their import costs is the making of type objects that are never looked at. Compiled with ``annotations`` of
``__future__``, as if they had asked for it, they make none; Pulumi's own runtime resolves those it needs from the text.
The compiled code is kept apart from Python's own, in our cache.
"""

from __future__ import annotations
import __future__

import contextlib
import hashlib
import marshal
import os
import sys
import tempfile
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

import platformdirs
from typing_extensions import override

from falaj.engine.generated_source import VERSION, lightened

WITHOUT_DOCUMENTATION = 2
"""Python's own ``-OO``."""

SDKS = frozenset({"pulumi_aws", "pulumi_azure_native", "pulumi_kubernetes"})
"""Packages whose every module is generated."""


class GeneratedCodeLoader(SourceFileLoader):
    """Loads a module compiled with annotations as text; from our cache where that holds it as the source is now."""

    @override
    def get_code(self, fullname: str) -> CodeType:
        """The module's code."""
        path = self.get_filename(fullname)
        found = os.stat(path)  # noqa: PTH116 - called for a thousand files
        stamp = f"{VERSION}-{found.st_mtime_ns}-{found.st_size}".encode()
        kept = _kept(path)
        with contextlib.suppress(OSError, EOFError, ValueError, TypeError):
            written, code = marshal.loads(kept.read_bytes())  # noqa: S302 - our own cache, as Python's is
            if written == stamp and isinstance(code, CodeType):
                return code
        as_text = __future__.annotations.compiler_flag
        source = lightened(self.get_data(path).decode(), Path(path), fullname.partition(".")[0])
        made: CodeType = compile(source, path, "exec", flags=as_text, dont_inherit=True, optimize=WITHOUT_DOCUMENTATION)
        _keep(kept, marshal.dumps((stamp, made)))
        return made


class GeneratedCodeFinder:
    """Finds the modules of generated SDKs, and no others."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The usual specification of a module, with our loader."""
        if fullname.partition(".")[0] not in SDKS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = GeneratedCodeLoader(fullname, spec.loader.path)
        return spec


def import_quickly() -> None:
    """Have this process import generated SDKs so, from now on."""
    if GeneratedCodeFinder not in sys.meta_path:
        sys.meta_path.insert(0, GeneratedCodeFinder)


def _kept(path: str) -> Path:
    """Where the code compiled from a file is kept."""
    chosen = os.environ.get("FALAJ_CACHE")
    root = Path(chosen) if chosen else platformdirs.user_cache_path("falaj")
    digest = hashlib.sha256(path.encode()).hexdigest()[:24]
    return root / "sdk" / str(sys.implementation.cache_tag) / f"{Path(path).stem}-{digest}.pyc"


def _keep(file: Path, content: bytes) -> None:
    """Write a whole file or none; where there is no room, the next process compiles again."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
            part.write(content)
        Path(part.name).replace(file)
