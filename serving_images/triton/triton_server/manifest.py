"""What every file of the models must hold: a list of digests that is pinned or signed.

The same files as the ONNX Runtime image reads: `manifest.json` in the folder of all models or in that of each, and
`manifest.json.sig` beside it, as `python -m onnxruntime_server.repository.seal` writes them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from triton_server import files
from triton_server.errors import StartError

FILE_NAME: Final = "manifest.json"
SIGNATURE_NAME: Final = "manifest.json.sig"
KEYS: Final = {"files", "model", "version"}


@dataclass(frozen=True, slots=True)
class Trust:
    """Which manifests are believed; without a digest or key any, which finds damage and not intent."""

    digests: frozenset[str] = frozenset()
    key: Path | None = None


def read(root: Path, where: str, trust: Trust) -> dict[str, str] | None:
    """The digest of each file by its path from the root; nothing where no manifest lies.

    ``where`` is the folder that the manifest lies in: nothing for the root, or a model's name and a slash. Refuses one
    that is not believed, is none, or is another model's.
    """
    file = where + FILE_NAME
    if not (root / file).is_symlink() and not (root / file).exists():
        return None
    data = files.read(root, file)
    _believe(root, where, data, trust)
    content = _content(root / file, data)
    if content["version"] != 1:
        raise StartError(f"{root / file}: has version {content['version']}; expected 1")
    if where and f"{content['model']}/" != where:
        raise StartError(f"{root / file}: is for model '{content['model']}'; expected '{where[:-1]}'")
    return {where + name: digest for name, digest in content["files"].items()}


def _believe(root: Path, where: str, data: bytes, trust: Trust) -> None:
    path = root / (where + FILE_NAME)
    if trust.key is not None and not _is_signed(data, files.read(root, where + SIGNATURE_NAME), trust.key):
        raise StartError(f"{path}: its signature in {SIGNATURE_NAME} is not by the given key")
    found = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if trust.digests and found not in trust.digests:
        raise StartError(f"{path}: has {found}; expected {' or '.join(sorted(trust.digests))}")


def _content(path: Path, data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise StartError(f"{path}: no manifest: {error}") from None
    if not isinstance(content, dict) or not content.keys() <= KEYS or not isinstance(content.get("files"), dict):
        raise StartError(f"{path}: no manifest: expected an object with files, and perhaps model and version")
    if not all(isinstance(digest, str) for digest in content["files"].values()):
        raise StartError(f"{path}: no manifest: expected a digest for each of its files")
    return {"model": "", "version": 1, **content}


def _is_signed(data: bytes, signature: bytes, key: Path) -> bool:
    """Whether `cosign sign-blob` or `openssl dgst -sha256 -sign` wrote the signature with the private key of this."""
    try:
        public = load_pem_public_key(key.read_bytes())
    except (OSError, ValueError) as error:
        raise StartError(f"{key}: no public key in PEM: {error}") from None
    try:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(_decoded(signature), data)
        elif isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
            public.verify(_decoded(signature), data, ec.ECDSA(hashes.SHA256()))
        else:
            raise StartError(f"{key}: a key of another kind; expected ECDSA on P-256 or Ed25519")
    except InvalidSignature:
        return False
    return True


def _decoded(signature: bytes) -> bytes:
    """The signature itself: files hold it in base64, or as it is."""
    try:
        return base64.b64decode(b"".join(signature.split()), validate=True)
    except binascii.Error:
        return signature
