"""Gives back what the cache holds and nothing needs: old binaries, old images, compiled packages."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from falaj.localcluster import binaries, go_toolchain, state
from falaj.localcluster.images.builder import archives
from falaj.localcluster.images.lock import Lock
from falaj.localcluster.locks import lock
from falaj.localcluster.pins import CLUSTER_MODULES, GPU_NODE_MODULES, MODULES
from falaj.localcluster.places import Places, cluster_names


def trim(locks: Iterable[Path] = (), *, compiled: bool = True) -> int:
    """Delete what no current pin, no running cluster and no image lock needs, and say how many bytes that freed.

    The machine's own Go caches are left alone.

    Args:
        locks: Image locks whose archives are kept.
        compiled: Whether to delete Go's compiled packages too; the next build then starts from nothing.
    """
    with lock("build"):
        needed = {*_needed_binaries(), *_needed_archives(locks)}
        useless = [path for path in _contents() if path not in needed]
        if compiled and go_toolchain.build_cache().exists():
            useless.append(go_toolchain.build_cache())
        freed = sum(_size(path) for path in useless)
        for path in useless:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    return freed


def _contents() -> Iterator[Path]:
    for directory in (binaries.binary_cache(), archives()):
        if directory.is_dir():
            yield from directory.iterdir()


def _needed_binaries() -> Iterator[Path]:
    for modules in (CLUSTER_MODULES, GPU_NODE_MODULES, MODULES, *((module,) for module in MODULES)):
        yield from binaries.expected(modules)
    for node in (node for name in cluster_names() for node in (Places(name), Places(name).gpu_node)):
        account = state.read(node)
        if account is not None:
            folder = Path(account.binaries)
            yield folder
            yield from {link.resolve().parent for link in folder.iterdir()}


def _needed_archives(locks: Iterable[Path]) -> Iterator[Path]:
    for path in locks:
        yield from (image.archive for image in Lock.read(path).images.values())


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else iter([path])
    return sum(file.lstat().st_blocks * 512 for file in files if not file.is_dir())
