"""What is written about an image, and what becomes of it when anything is touched."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cyclonedx.schema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from falaj.attestation import Build, Material, UnprovenError, attest, is_attested, sha256, verify
from falaj.attestation.inventory import Inventory
from falaj.signing import PublicKey, new_key_pair, private_key, public_key
from tests.attestation import archives

PAIR = new_key_pair()
SIGNER = private_key(PAIR.private, None)
TRUSTED = public_key(PAIR.public)
BUILD = Build(
    name=archives.NAME,
    arguments={"PYTHON_VERSION": "3.11"},
    materials=(Material("Containerfile", "d" * 64), Material(f"falaj.local/base@sha256:{'e' * 64}", "e" * 64)),
    key="f" * 64,
    version="5",
    wheel_lock=archives.LOCK,
)
FILES = archives.blobs([archives.BASE, archives.UPPER])
DIGEST: str = json.loads(FILES["index.json"])["manifests"][0]["digest"]


@dataclass(frozen=True)
class Attested:
    archive: Path
    folder: Path

    def verify(self, key: PublicKey = TRUSTED, *, name: str = archives.NAME, digest: str = DIGEST) -> Inventory:
        return verify(self.archive, self.folder, name, digest, key)

    def refusal(self, key: PublicKey = TRUSTED, *, name: str = archives.NAME, digest: str = DIGEST) -> str:
        with pytest.raises(UnprovenError) as refused:
            self.verify(key, name=name, digest=digest)
        return str(refused.value)

    def read(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads((self.folder / name).read_bytes())

    def statement(self, name: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(base64.b64decode(self.read(name)["payload"]))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Attested:
    """Documents that stay as they are."""
    folder = tmp_path_factory.mktemp("whole")
    archive = archives.write(folder / "image.tar", FILES)
    attest(archive, BUILD, SIGNER, folder / "documents")
    return Attested(archive, folder / "documents")


@pytest.fixture
def mine(whole: Attested, tmp_path: Path) -> Attested:
    """A copy to touch."""
    shutil.copytree(whole.folder, tmp_path / "documents")
    return Attested(Path(shutil.copy(whole.archive, tmp_path)), tmp_path / "documents")


def test_what_was_built_is_proven_and_said(whole: Attested) -> None:
    held = whole.verify()
    assert [(wheel.name, wheel.version, wheel.licence) for wheel in held.wheels] == [("Tiny_Tool", "1.2", "MIT")]
    assert [(package.name, package.version) for package in held.debian] == [("libtiny1", "1:2.0+b1")]
    assert set(held.files) == {"etc/stays", "opt/app/own.py", "usr/lib/os-release"}


def test_the_bill_of_materials_is_cyclonedx_by_its_schema_and_names_each_hash(whole: Attested) -> None:
    bill = whole.read("sbom.cdx.json")
    schemas = Path(cyclonedx.schema.__file__).parent / "_res"
    names = ("bom-1.6", "spdx", "jsf-0.82", "cryptography-defs")
    files = {f"{name}.SNAPSHOT.schema.json": schemas / f"{name}.SNAPSHOT.schema.json" for name in names}
    read = {name: json.loads(file.read_text()) for name, file in files.items()}
    registry = jsonschema_rs.Registry([(f"http://cyclonedx.org/schema/{name}", each) for name, each in read.items()])
    schema = read["bom-1.6.SNAPSHOT.schema.json"]
    validator = jsonschema_rs.validator_for(schema, registry=registry, validate_formats=True)
    validator.validate(bill)
    assert not validator.is_valid(bill | {"specVersion": 1.6})
    assert bill["metadata"]["component"]["version"] == DIGEST
    hashes = {each["bom-ref"]: each["hashes"][0]["content"] for each in bill["components"]}
    assert hashes == {
        "pkg:pypi/tiny-tool@1.2": "a" * 64,
        "pkg:deb/debian/libtiny1@1:2.0%2Bb1?arch=amd64&distro=debian-12": "c" * 64,
        "file:/etc/stays": archives.digest(b"one"),
        "file:/opt/app/own.py": archives.digest(b"own"),
        "file:/usr/lib/os-release": archives.digest(archives.BASE["usr/lib/os-release"]),
    }
    wheel = next(each for each in bill["components"] if each["bom-ref"].startswith("pkg:pypi"))
    assert wheel["licenses"] == [{"license": {"id": "MIT"}}]
    assert wheel["properties"] == [
        {"name": "falaj:wheel", "value": "tiny_tool-1.2-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"}
    ]


def test_the_provenance_is_an_in_toto_statement_with_slsas_predicate(whole: Attested) -> None:
    assert whole.statement("provenance.dsse.json") == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": archives.NAME, "digest": {"sha256": DIGEST.removeprefix("sha256:")}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://falaj.dev/image-build/v1",
                "externalParameters": {"image": archives.NAME, "arguments": {"PYTHON_VERSION": "3.11"}},
                "internalParameters": {"key": "f" * 64, "version": "5"},
                "resolvedDependencies": [
                    {"name": "Containerfile", "digest": {"sha256": "d" * 64}},
                    {"name": f"falaj.local/base@sha256:{'e' * 64}", "digest": {"sha256": "e" * 64}},
                    {
                        "uri": "pkg:deb/debian/libtiny1@1:2.0%2Bb1?arch=amd64&distro=debian-12",
                        "digest": {"sha256": "c" * 64},
                    },
                    {"uri": "pkg:pypi/tiny-tool@1.2", "digest": {"sha256": "a" * 64}},
                ],
            },
            "runDetails": {"builder": {"id": "https://falaj.dev/builder/local"}},
        },
    }


def test_openssl_alone_reads_the_signature_of_the_digest(mine: Attested, tmp_path: Path) -> None:
    payload = mine.read("signature.json")
    assert payload["critical"] == {
        "identity": {"docker-reference": archives.NAME},
        "image": {"docker-manifest-digest": DIGEST},
        "type": "cosign container image signature",
    }
    (tmp_path / "key.pub").write_bytes(PAIR.public)
    (tmp_path / "raw").write_bytes(base64.b64decode((mine.folder / "signature.json.sig").read_bytes()))
    command = [
        "openssl",
        "dgst",
        "-sha256",
        "-verify",
        "key.pub",
        "-signature",
        "raw",
        str(mine.folder / "signature.json"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "Verified OK\n"


def test_the_envelope_is_signed_over_dsses_own_encoding(mine: Attested, tmp_path: Path) -> None:
    envelope = mine.read("provenance.dsse.json")
    body = base64.b64decode(envelope["payload"])
    (tmp_path / "key.pub").write_bytes(PAIR.public)
    (tmp_path / "raw").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    (tmp_path / "body").write_bytes(b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(body), body))
    command = ["openssl", "dgst", "-sha256", "-verify", "key.pub", "-signature", "raw", "body"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"Verified OK\n"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_byte_of_the_archive_can_change(
    whole: Attested, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(whole.archive.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    touched = replace(whole, archive=tmp_path_factory.mktemp("touched") / "image.tar")
    touched.archive.write_bytes(content)
    assert touched.refusal()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_byte_of_a_document_can_change(
    whole: Attested, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    touched = replace(whole, folder=tmp_path_factory.mktemp("touched") / "documents")
    shutil.copytree(whole.folder, touched.folder)
    file = touched.folder / data.draw(st.sampled_from(sorted(path.name for path in whole.folder.iterdir())))
    content = bytearray(file.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    assert touched.refusal()


def test_a_changed_layer_is_named(mine: Attested) -> None:
    blob = next(name for name, content in FILES.items() if content.startswith(b"\x28\xb5\x2f\xfd"))
    archives.write(mine.archive, FILES | {blob: FILES[blob][:-1] + b"\x00"})
    assert mine.refusal() == f"image.tar: blob sha256:{blob.removeprefix('blobs/sha256/')} was changed"


def test_another_image_of_the_same_name_is_refused(mine: Attested) -> None:
    other = archives.blobs([archives.BASE])
    archives.write(mine.archive, other)
    found = json.loads(other["index.json"])["manifests"][0]["digest"]
    assert mine.refusal() == f"image.tar holds the digest {found}, expected {DIGEST}"
    # Nor does it help to name the other one in the lock as well.
    assert mine.refusal(digest=found) == "image.tar is not the archive that was signed"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"more": b""}, "image.tar holds more, which is no part of an image"),
        (
            {f"blobs/sha256/{'0' * 64}": b""},
            f"image.tar holds blobs/sha256/{'0' * 64}, which the manifest does not name",
        ),
    ],
)
def test_what_does_not_belong_is_refused(mine: Attested, files: dict[str, bytes], message: str) -> None:
    archives.write(mine.archive, FILES | files)
    assert mine.refusal() == message


def test_a_blob_that_is_gone_is_named(mine: Attested) -> None:
    blob = next(name for name, content in FILES.items() if content.startswith(b"\x28\xb5\x2f\xfd"))
    archives.write(mine.archive, {name: content for name, content in FILES.items() if name != blob})
    assert mine.refusal() == f"image.tar: blob sha256:{blob.removeprefix('blobs/sha256/')} is missing"


def test_another_key_is_refused(whole: Attested) -> None:
    stranger = public_key(new_key_pair().public)
    assert whole.refusal(stranger) == "signature.json is not signed by the holder of this key, or was changed since"


def test_a_document_that_is_gone_is_named(mine: Attested) -> None:
    (mine.folder / "provenance.dsse.json").unlink()
    assert mine.refusal() == f"{mine.folder}/provenance.dsse.json can't be read: No such file or directory"


def test_documents_of_another_build_are_refused_though_the_same_key_signed_them(mine: Attested, tmp_path: Path) -> None:
    other = archives.write(tmp_path / "other.tar", archives.blobs([archives.BASE]))
    attest(other, replace(BUILD, wheel_lock=None), SIGNER, tmp_path / "others")
    shutil.copy(tmp_path / "others" / "sbom.cdx.json", mine.folder)
    assert mine.refusal() == "sbom.cdx.json was changed after it was signed"


def test_a_wheel_that_the_lock_does_not_name_is_refused(whole: Attested, tmp_path: Path) -> None:
    elsewhere = archives.LOCK.replace(b"manylinux2014_x86_64.manylinux_2_17_x86_64", b"manylinux_2_39_x86_64")
    with pytest.raises(UnprovenError, match=r"^Tiny_Tool 1\.2 is in the image and not in its lock$"):
        attest(whole.archive, replace(BUILD, wheel_lock=elsewhere), SIGNER, tmp_path / "documents")
    assert not (tmp_path / "documents").exists()


def test_what_is_attested_already_is_known(mine: Attested) -> None:
    found = sha256(mine.archive)
    assert is_attested(mine.folder, found, TRUSTED)
    assert not is_attested(mine.folder, "0" * 64, TRUSTED)
    assert not is_attested(mine.folder, found, public_key(new_key_pair().public))
    (mine.folder / "sbom.cdx.json").write_text("{}")
    assert not is_attested(mine.folder, found, TRUSTED)


def test_the_same_image_has_the_same_bill_of_materials(whole: Attested, tmp_path: Path) -> None:
    attest(whole.archive, BUILD, SIGNER, tmp_path / "documents")
    assert (tmp_path / "documents/sbom.cdx.json").read_bytes() == (whole.folder / "sbom.cdx.json").read_bytes()
