"""The serving image and its base, really built, twice: what is in them and what is not."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from falaj import attestation
from falaj.attestation import archive
from falaj.localcluster import images
from falaj.localcluster.images import Lock
from falaj.localcluster.packages import PROGRAM_PATH
from falaj.signing import new_key_pair, private_key, public_key

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
FOLDERS = (images.PLATFORM_FOLDERS / "debian-python", ROOT / "serving_images" / "onnxruntime")
BASE, SERVER = "falaj.local/debian-python", "falaj.local/onnxruntime"
PAIR = new_key_pair()
LARGEST = 170_000_000
IMPORT_ALL = """
import importlib, pathlib, sys
for file in sorted(pathlib.Path("/usr/lib/python3.11/lib-dynload").iterdir()):
    importlib.import_module(file.name.partition(".")[0])
import ctypes, hashlib, json, ssl, lzma, bz2, zlib, uuid, socket, asyncio, multiprocessing
hashlib.sha256(b"").hexdigest()
ssl.create_default_context()
print(socket.getaddrinfo("127.0.0.1", 80)[0][4][0])
"""


@dataclass(frozen=True)
class Built:
    """What was built into one cache, with its lock."""

    lock: Lock
    folder: Path

    def layers(self, name: str) -> list[str]:
        return [layer.member for layer in archive.read(self.lock.find(name).archive).layers]


def build(folders: list[Path], folder: Path) -> Built:
    """Build with a cache of its own, which knows nothing that was built before."""
    before = os.environ.get("FALAJ_CACHE")
    os.environ["FALAJ_CACHE"] = str(folder / "cache")
    try:
        signer = private_key(PAIR.private, None)
        return Built(images.build(folders, folder / "images.json", signer=signer), folder)
    finally:
        if before is None:
            del os.environ["FALAJ_CACHE"]
        else:
            os.environ["FALAJ_CACHE"] = before


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders as they are now, wherever they lie."""
    copies = tmp_path_factory.mktemp("sources")
    return [Path(shutil.copytree(folder, copies / folder.name)) for folder in FOLDERS]


@pytest.fixture(scope="module")
def built(sources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(sources, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def tree(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's root file system, unpacked."""
    root = tmp_path_factory.mktemp("root")
    root.chmod(0o755)
    image = archive.read(built.lock.find(SERVER).archive)
    for each in image.layers:
        with archive.layer(image, each) as opened:
            opened.extractall(root, filter="fully_trusted")
    return root


def test_two_builds_have_the_same_layers_and_digests(built: Built, sources: list[Path], tmp_path: Path) -> None:
    again = build(sources, tmp_path)
    for name in (BASE, SERVER):
        assert built.layers(name) == again.layers(name)
        assert built.lock.find(name).digest == again.lock.find(name).digest


def test_the_only_program_is_python(tree: Path) -> None:
    programs = {
        path.name
        for folder in ("bin", "sbin", "usr/bin", "usr/sbin", "usr/libexec", "usr/local")
        for path in (tree / folder).rglob("*")
    }
    assert programs == {"python3", "python3.11"}
    names = {path.name for path in tree.rglob("*") if not path.is_dir()}
    assert names.isdisjoint({"sh", "bash", "dash", "busybox", "apt", "apt-get", "dpkg", "dpkg-deb", "tar", "perl"})
    assert not [path for path in tree.rglob("*") if path.is_file() and path.stat().st_mode & 0o6000]


def test_every_module_of_pythons_own_finds_its_libraries(tree: Path) -> None:
    command = ["chroot", "--userspec=65532:65532", str(tree), "/usr/bin/python3", "-c", IMPORT_ALL]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": PROGRAM_PATH})
    assert (done.stderr, done.stdout) == ("", "127.0.0.1\n")


def test_the_packages_take_at_most_170_mb(tree: Path) -> None:
    files = [path for path in (tree / "opt").rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) <= LARGEST


def test_nothing_that_was_built_is_writable_by_the_user_it_runs_as(tree: Path) -> None:
    writable = [path for path in tree.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o002]
    assert writable == [tree / "tmp"]
    assert {path.lstat().st_uid for path in tree.rglob("*")} == {0}


def test_it_is_proven_with_every_wheel_and_package_named_by_hash(built: Built) -> None:
    entry = built.lock.find(SERVER)
    documents = images.attestations(built.folder, SERVER)
    sealed = json.loads((documents / "provenance.dsse.json").read_bytes())
    predicate = json.loads(base64.b64decode(sealed["payload"]))["predicate"]
    base = built.lock.find(BASE).digest
    materials = {
        each.get("name"): each["digest"]["sha256"] for each in predicate["buildDefinition"]["resolvedDependencies"]
    }
    assert materials[f"{BASE}@{base}"] == base.removeprefix("sha256:")
    held = attestation.verify(entry.archive, documents, SERVER, entry.digest, public_key(PAIR.public))
    assert {wheel.name for wheel in held.wheels} >= {"numpy", "onnxruntime", "orjson", "uvloop"}
    assert {package.name for package in held.debian} >= {"libc6", "libssl3", "python3.11-minimal"}
    assert all(len(package.sha256) == 64 for package in held.debian)
    assert {path.partition("/")[0] for path in held.files} == {"etc", "opt"}
    own = {path.split("/")[2] for path in held.files if path.startswith("opt/")}
    assert own == {"onnxruntime_server", "inference_router"}
