"""The files about one image: written when it is built, held to its archive and to a key when it is verified."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from falaj.attestation import archive, envelope
from falaj.attestation.archive import Image
from falaj.attestation.bill_of_materials import bill_of_materials, references
from falaj.attestation.fault import UnprovenError
from falaj.attestation.inventory import Inventory, take
from falaj.attestation.provenance import PREDICATE, Build, provenance
from falaj.attestation.wheel_lock import locked_wheels
from falaj.signing import PrivateKey, PublicKey, is_signed, sign

BILL: Final = "sbom.cdx.json"
SEALED_BILL: Final = "sbom.dsse.json"
PROVENANCE: Final = "provenance.dsse.json"
SIGNED: Final = "signature.json"
SIGNATURE: Final = "signature.json.sig"
DOCUMENTS: Final = (BILL, PROVENANCE, SEALED_BILL)
BILL_KIND: Final = "https://cyclonedx.org/bom"
PAYLOAD_KIND: Final = "cosign container image signature"


def attest(file: Path, build: Build, key: PrivateKey, folder: Path) -> None:
    """Write the documents about a built archive into a folder of their own, whole or not at all.

    ``signature.json`` is the payload that cosign signs (simple signing), with the hashes of all the others in it.
    """
    image = archive.read(file)
    inventory = take(image)
    wheels = locked_wheels(build.wheel_lock, inventory.wheels) if build.wheel_lock is not None else {}
    bill = bill_of_materials(image, inventory, wheels)
    predicate = provenance(build, _packages(json.loads(bill)))
    files = {
        BILL: bill,
        SEALED_BILL: envelope.sealed(image.name, image.digest, BILL_KIND, json.loads(bill), key),
        PROVENANCE: envelope.sealed(image.name, image.digest, PREDICATE, predicate, key),
    }
    files[SIGNED] = _payload(image, archive.sha256(file), files)
    files[SIGNATURE] = sign(files[SIGNED], key)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="attest-") as made:
        whole = Path(made, "whole")
        whole.mkdir()
        for name, content in files.items():
            (whole / name).write_bytes(content)
        shutil.rmtree(folder, ignore_errors=True)
        whole.replace(folder)


def is_attested(folder: Path, archive_hash: str, key: PublicKey) -> bool:
    """Whether a folder holds documents by the holder of this key about an archive, all as they were written."""
    try:
        files = _read(folder)
        return (
            is_signed(files[SIGNED], files[SIGNATURE], key)
            and json.loads(files[SIGNED])["optional"]["archive"] == archive_hash
            and {name: _hash(files[name]) for name in DOCUMENTS} == _listed(files[SIGNED])
        )
    except UnprovenError:
        return False


def verify(file: Path, folder: Path, name: str, digest: str, key: PublicKey) -> Inventory:
    """Return what is in an image once its archive and all documents are proven to be what the key's holder signed.

    Raises ``UnprovenError`` for the first thing that is not. Needs no network.
    """
    files = _read(folder)
    if not is_signed(files[SIGNED], files[SIGNATURE], key):
        raise UnprovenError(f"{SIGNED} is not signed by the holder of this key, or was changed since")
    image = archive.read(file)
    archive.check(image)
    for what, found, expected in (("name", image.name, name), ("digest", f"sha256:{image.digest}", digest)):
        if found != expected:
            raise UnprovenError(f"{file.name} holds the {what} {found}, expected {expected}")
    for document in DOCUMENTS:
        if _hash(files[document]) != _listed(files[SIGNED]).get(document):
            raise UnprovenError(f"{document} was changed after it was signed")
    if files[SIGNED] != _payload(image, archive.sha256(file), files):
        raise UnprovenError(f"{file.name} is not the archive that was signed")
    envelope.opened(files[PROVENANCE], name, image.digest, PREDICATE, key, file=PROVENANCE)
    bill = envelope.opened(files[SEALED_BILL], name, image.digest, BILL_KIND, key, file=SEALED_BILL)
    if bill != json.loads(files[BILL]):
        raise UnprovenError(f"{BILL} and {SEALED_BILL} differ")
    inventory = take(image)
    if {each["bom-ref"] for each in bill.get("components", ())} != references(inventory):
        raise UnprovenError(f"{BILL} does not list what the image holds")
    return inventory


def _read(folder: Path) -> dict[str, bytes]:
    files = {}
    for name in (*DOCUMENTS, SIGNED, SIGNATURE):
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as error:
            raise UnprovenError(f"{folder / name} can't be read: {error.strerror}") from None
    return files


def _payload(image: Image, archive_hash: str, files: Mapping[str, bytes]) -> bytes:
    content = {
        "critical": {
            "identity": {"docker-reference": image.name},
            "image": {"docker-manifest-digest": f"sha256:{image.digest}"},
            "type": PAYLOAD_KIND,
        },
        "optional": {"archive": archive_hash, "documents": {name: _hash(files[name]) for name in DOCUMENTS}},
    }
    return json.dumps(content, separators=(",", ":")).encode()


def _listed(payload: bytes) -> Mapping[str, str]:
    try:
        listed: Mapping[str, str] = json.loads(payload)["optional"]["documents"]
        return dict(listed)
    except (ValueError, KeyError, TypeError):
        raise UnprovenError(f"{SIGNED} is no signature of an image") from None


def _packages(bill: Mapping[str, Any]) -> dict[str, str]:
    """Package URLs and hashes of the components that are packages."""
    return {
        each["purl"]: each["hashes"][0]["content"]
        for each in bill.get("components", ())
        if "purl" in each and each.get("hashes")
    }


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
