"""Small OCI archives, packed as buildah packs them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from backports import zstd

NAME = "falaj.local/example"
_FILES = "https://files.example/tiny_tool-1.2-cp311-cp311"
LOCK = f"""
[[package]]
name = "tiny-tool"
version = "1.2"
wheels = [
  {{ url = "{_FILES}-manylinux2014_x86_64.manylinux_2_17_x86_64.whl", hash = "sha256:{"a" * 64}" }},
  {{ url = "{_FILES}-macosx_11_0_arm64.whl", hash = "sha256:{"b" * 64}" }},
]
""".encode()
BASE = {
    "usr/lib/os-release": b'NAME="Debian"\nID=debian\nVERSION_ID="12"\n',
    "var/lib/dpkg/status.d/libtiny1": (
        f"Package: libtiny1\nVersion: 1:2.0+b1\nArchitecture: amd64\nDescription: small\n more\nSHA256: {'c' * 64}\n"
    ).encode(),
    "var/lib/dpkg/status.d/libtiny1.md5sums": b"0123  usr/lib/libtiny.so.1\n",
    "usr/lib/libtiny.so.1": b"library",
    "etc/stays": b"one",
    "etc/goes": b"two",
}
UPPER = {
    "etc/.wh.goes": b"",
    "opt/app/tiny_tool.py": b"tool",
    "opt/app/__pycache__/tiny_tool.cpython-311.pyc": b"bytecode",
    "opt/app/own.py": b"own",
    "opt/app/tiny_tool-1.2.dist-info/METADATA": b"Name: Tiny_Tool\nVersion: 1.2\nLicense-Expression: MIT\n\nWords\n",
    "opt/app/tiny_tool-1.2.dist-info/WHEEL": (
        b"Tag: cp311-cp311-manylinux_2_17_x86_64\nTag: cp311-cp311-manylinux2014_x86_64\n"
    ),
    "opt/app/tiny_tool-1.2.dist-info/RECORD": b"".join(
        f"{path},,\n".encode()
        for path in ("tiny_tool.py", *(f"tiny_tool-1.2.dist-info/{n}" for n in ("METADATA", "WHEEL", "RECORD")))
    ),
}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def packed(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, content in files.items():
            _add(tar, name, content)
    return made.getvalue()


def blobs(layers: Sequence[Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files of an archive by name, its index first."""
    contents = [zstd.compress(packed(layer)) for layer in layers]
    configuration = b"{}"
    kind = "application/vnd.oci.image.layer.v1.tar+zstd"
    manifest = json.dumps(
        {
            "config": {"digest": f"sha256:{digest(configuration)}"},
            "layers": [{"digest": f"sha256:{digest(each)}", "mediaType": kind} for each in contents],
        }
    ).encode()
    named = {"org.opencontainers.image.ref.name": f"{NAME}:latest"}
    index = {"manifests": [{"digest": f"sha256:{digest(manifest)}", "annotations": named}]}
    every = {f"blobs/sha256/{digest(each)}": each for each in (manifest, configuration, *contents)}
    return {"index.json": json.dumps(index).encode(), "oci-layout": b"{}", **every}


def write(path: Path, files: Mapping[str, bytes]) -> Path:
    path.write_bytes(packed(files))
    return path


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
