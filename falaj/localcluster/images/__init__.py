"""Images without a registry: built from folders, locked by digest, loaded into the local cluster."""

from __future__ import annotations

from falaj.localcluster.images.builder import PLATFORM_FOLDERS, attestations, bake, build, find_folders
from falaj.localcluster.images.description import Description, ImageFolder, read
from falaj.localcluster.images.loader import import_all, load
from falaj.localcluster.images.lock import Lock, LockedImage

__all__ = [
    "PLATFORM_FOLDERS",
    "Description",
    "ImageFolder",
    "Lock",
    "LockedImage",
    "attestations",
    "bake",
    "build",
    "find_folders",
    "import_all",
    "load",
    "read",
]
