"""What an image holds: wheels, Debian packages, and every file that belongs to neither."""

from __future__ import annotations

import csv
import hashlib
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import Parser
from pathlib import PurePosixPath
from typing import Final

from falaj.attestation.archive import Image, layer

DEBIAN: Final = re.compile(r"^var/lib/dpkg/status\.d/[^/]+$")
WHEEL: Final = re.compile(r"(?:^|/)[^/]+\.dist-info/(?:METADATA|WHEEL|RECORD)$")
RELEASE: Final = "usr/lib/os-release"
WHITEOUT: Final = ".wh."


@dataclass(frozen=True)
class Wheel:
    """A Python package as it was installed."""

    name: str
    version: str
    tags: frozenset[str]
    """For what interpreters and systems the wheel was made: which of a release's wheels it is."""

    licence: str
    """SPDX expression of its own metadata, or nothing."""


@dataclass(frozen=True)
class DebianPackage:
    """A package of Debian as it was unpacked."""

    name: str
    version: str
    architecture: str
    sha256: str
    """Of its archive, or nothing."""


@dataclass(frozen=True)
class Inventory:
    """All that an image holds."""

    wheels: tuple[Wheel, ...]
    debian: tuple[DebianPackage, ...]
    release: str
    """Of Debian, like ``debian-12``, or nothing."""

    files: Mapping[str, str]
    """SHA-256 by path of what no package claims. Bytecode is left out: it is made from files that are in."""


@dataclass
class _Tree:
    digests: dict[str, str] = field(default_factory=dict)
    contents: dict[str, str] = field(default_factory=dict)


def take(image: Image) -> Inventory:
    """Read every layer of an image, lowest first, and say what is left in the end."""
    tree = _Tree()
    for each in image.layers:
        with layer(image, each) as opened:
            _apply(opened, tree)
    metadata = {path: text for path, text in tree.contents.items() if path.endswith("/METADATA")}
    wheels = [_wheel(tree, str(PurePosixPath(path).parent), text) for path, text in metadata.items()]
    records = {path: text for path, text in tree.contents.items() if DEBIAN.match(path)}
    debian = [_debian(text) for path, text in records.items() if not path.endswith(".md5sums")]
    claimed = {*_claimed_by_wheels(tree), *_claimed_by_debian(records), *records}
    files = {
        path: digest
        for path, digest in sorted(tree.digests.items())
        if path not in claimed and not path.endswith(".pyc")
    }
    release = _release(tree.contents.get(RELEASE, "")) if debian else ""
    by_name = sorted(debian, key=lambda package: package.name)
    return Inventory(tuple(sorted(wheels, key=lambda wheel: wheel.name)), tuple(by_name), release, files)


def _apply(opened: tarfile.TarFile, tree: _Tree) -> None:
    for member in opened:
        path = str(PurePosixPath(member.name))
        parent, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
        if name.startswith(WHITEOUT):
            _remove(tree, str(PurePosixPath(parent, name.removeprefix(WHITEOUT))))
        elif member.islnk():
            target = str(PurePosixPath(member.linkname))
            tree.digests[path] = tree.digests.get(target, "")
        elif member.isfile() and (stream := opened.extractfile(member)):
            content = stream.read()
            tree.digests[path] = hashlib.sha256(content).hexdigest()
            if path == RELEASE or DEBIAN.match(path) or WHEEL.search(path):
                tree.contents[path] = content.decode()
        elif not member.isdir():
            _remove(tree, path)


def _remove(tree: _Tree, gone: str) -> None:
    for known in (tree.digests, tree.contents):
        for path in [path for path in known if path == gone or path.startswith(f"{gone}/")]:
            del known[path]


def _wheel(tree: _Tree, folder: str, text: str) -> Wheel:
    said = _fields(text)
    tags = _fields(tree.contents.get(f"{folder}/WHEEL", "")).get_all("Tag", [])
    return Wheel(str(said["Name"]), str(said["Version"]), frozenset(tags), str(said["License-Expression"] or ""))


def _debian(text: str) -> DebianPackage:
    said = _fields(text)
    name, version, architecture = (str(said[key]) for key in ("Package", "Version", "Architecture"))
    return DebianPackage(name, version, architecture, str(said["SHA256"] or ""))


def _fields(text: str) -> Message:
    return Parser().parsestr(text, headersonly=True)


def _claimed_by_wheels(tree: _Tree) -> Iterator[str]:
    for path, text in tree.contents.items():
        if path.endswith("/RECORD"):
            top = PurePosixPath(path).parent.parent
            yield from (str(top / row[0]) for row in csv.reader(text.splitlines()) if row)


def _claimed_by_debian(records: Mapping[str, str]) -> Iterator[str]:
    for path, text in records.items():
        if path.endswith(".md5sums"):
            yield from (line.partition("  ")[2] for line in text.splitlines())


def _release(text: str) -> str:
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    identity = (said.get(key, "").strip('"') for key in ("ID", "VERSION_ID"))
    return "-".join(filter(None, identity))
