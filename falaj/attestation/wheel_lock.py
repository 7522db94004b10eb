"""Which file each wheel of an image was: the lock that it was installed from names all of a release by hash."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from falaj.attestation.fault import UnprovenError
from falaj.attestation.inventory import Wheel


@dataclass(frozen=True)
class LockedWheel:
    """One file of a release."""

    file: str
    sha256: str


def locked_wheels(lock: bytes, wheels: tuple[Wheel, ...]) -> Mapping[str, LockedWheel]:
    """Return the file of each wheel by its name; raises ``UnprovenError`` for a wheel that the lock does not name."""
    known: dict[tuple[str, str, frozenset[str]], LockedWheel] = {}
    for package in tomllib.loads(lock.decode())["package"]:
        for each in package.get("wheels", ()):
            file = str(each["url"]).rpartition("/")[2]
            key = (_normal(package["name"]), str(package["version"]), _tags(file))
            known[key] = LockedWheel(file, str(each["hash"]).removeprefix("sha256:"))
    found = {}
    for wheel in wheels:
        locked = known.get((_normal(wheel.name), wheel.version, wheel.tags))
        if locked is None:
            raise UnprovenError(f"{wheel.name} {wheel.version} is in the image and not in its lock")
        found[wheel.name] = locked
    return found


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _tags(file: str) -> frozenset[str]:
    """What a wheel's file name says in short, in full: each interpreter, interface and system joined with each."""
    sets = (part.split(".") for part in file.removesuffix(".whl").split("-")[-3:])
    return frozenset("-".join(each) for each in itertools.product(*sets))
