"""Locks between processes."""

from __future__ import annotations

from filelock import FileLock

from falaj.localcluster.places import cache_directory


def lock(name: str) -> FileLock:
    """A lock that a killed process releases; its file lies in the cache, so that nothing of a cluster stays behind."""
    directory = cache_directory() / "locks"
    directory.mkdir(parents=True, exist_ok=True)
    return FileLock(directory / f"{name}.lock")
