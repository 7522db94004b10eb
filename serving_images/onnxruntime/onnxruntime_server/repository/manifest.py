"""What every file of the repository must hold: a list of digests that is pinned or signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository.folder import Folder

FILE_NAME: Final = "manifest.json"
SIGNATURE_NAME: Final = "manifest.json.sig"
PREFIX: Final = "sha256:"

Verify: TypeAlias = Callable[[bytes, bytes], bool]
"""Whether the first is a signature of the second."""


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON of a manifest."""

    files: dict[str, str]
    """``sha256:<64 hex>`` by path, from the folder that the manifest lies in."""

    model: str = ""
    """The model that it is for, where it lies in a model's folder: so that two models can't be exchanged."""

    version: int = 1
    """Of this format."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The digests of the files of a repository or of one model, paths from the repository's root."""

    path: Path
    """Where it lies."""

    digests: dict[str, str]
    """``sha256:<64 hex>`` by path."""

    def below(self, where: str) -> dict[str, str]:
        """The entries of one folder."""
        return {file: digest for file, digest in self.digests.items() if file.startswith(f"{where}/")}

    def check(self, folder: Folder, file: str, found: str) -> None:
        """Refuse a file that is not listed, or that has another digest."""
        if (expected := self.digests.get(file)) is None:
            raise RepositoryError(f"{folder.root / file}: is not in {self.path}")
        if expected != found:
            raise RepositoryError(f"{folder.root / file}: was changed: it has {found}, expected {expected}")

    def read(self, folder: Folder, file: str, most: float) -> bytes:
        """A file's bytes, which are those that the manifest is about."""
        data = folder.read(file, most)
        self.check(folder, file, digest((data,)))
        return data


@dataclass(frozen=True, slots=True)
class Trust:
    """Which manifests are believed."""

    digests: frozenset[str] = frozenset()
    """Pinned digests of manifests, ``sha256:<64 hex>``."""

    key: Path | None = None
    """Public key, PEM: ECDSA on P-256 with SHA-256, or Ed25519."""

    required: bool = False
    """Whether files are checked against a manifest at all; a pinned digest or a key asks for it too."""

    @property
    def asked_for(self) -> bool:
        """Whether nothing is served that no manifest lists."""
        return self.required or bool(self.digests) or self.key is not None


def digest(pieces: Iterable[bytes]) -> str:
    """``sha256:<64 hex>`` of bytes that come in pieces."""
    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return PREFIX + found.hexdigest()


class Manifests:
    """The manifests of a repository: one in its root for all models, or one in the folder of each.

    Refuses a manifest that is neither pinned nor signed, where digests or a key are given. Without them a manifest is
    believed as it lies there: it then finds damage, not intent.
    """

    def __init__(self, trust: Trust) -> None:
        self._digests = trust.digests
        self._verify = None if trust.key is None else verifier(trust.key)

    def of(self, folder: Folder, model: str) -> Manifest:
        """The manifest that a model's files are checked against."""
        for where in ("", f"{model}/"):
            if folder.has(where + FILE_NAME):
                return self._read(folder, where, model)
        raise RepositoryError(f"{folder.root / FILE_NAME}: no such file, nor one in the folder of '{model}'")

    def _read(self, folder: Folder, where: str, model: str) -> Manifest:
        path = folder.root / where / FILE_NAME
        data = folder.read(where + FILE_NAME)
        self._believe(folder, where, path, data)
        try:
            content = msgspec.json.decode(data, type=Content)
        except (msgspec.DecodeError, RecursionError) as error:
            raise RepositoryError(f"{path}: no manifest: {error}") from None
        if content.version != 1:
            raise RepositoryError(f"{path}: has version {content.version}; expected 1")
        if where and content.model != model:
            raise RepositoryError(f"{path}: is for model '{content.model}'; expected '{model}'")
        return Manifest(path, {where + file: digest for file, digest in content.files.items()})

    def _believe(self, folder: Folder, where: str, path: Path, data: bytes) -> None:
        if self._verify is not None:
            signature = folder.read(where + SIGNATURE_NAME)
            if not self._verify(_decoded(signature), data):
                raise RepositoryError(f"{path}: its signature in {SIGNATURE_NAME} is not by the given key")
        if self._digests and (found := digest((data,))) not in self._digests:
            raise RepositoryError(f"{path}: has {found}; expected {' or '.join(sorted(self._digests))}")


def verifier(key: Path) -> Verify:
    """Checks signatures by a public key, as `cosign sign-blob` and `openssl dgst -sha256 -sign` write them."""
    # Only who asks for signatures pays for the library: it is larger than the server's own code.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - see above

    try:
        public = load_pem_public_key(key.read_bytes())
    except (OSError, ValueError) as error:
        raise RepositoryError(f"{key}: no public key in PEM: {error}") from None

    def check(signature: bytes, data: bytes) -> None:
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, data)
        elif isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
            public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        else:
            raise RepositoryError(f"{key}: a key of another kind; expected ECDSA on P-256 or Ed25519")

    def verify(signature: bytes, data: bytes) -> bool:
        try:
            check(signature, data)
        except InvalidSignature:
            return False
        return True

    verify(b"", b"")  # a key of another kind is refused now, not at the first manifest
    return verify


def _decoded(signature: bytes) -> bytes:
    """The signature itself: files hold it in base64, or as it is."""
    try:
        return base64.b64decode(b"".join(signature.split()), validate=True)
    except binascii.Error:
        return signature
