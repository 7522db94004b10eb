"""Signatures as `cosign verify-blob --key` reads them: base64 of ECDSA over SHA-256 on P-256, or of Ed25519."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

ALLOWED: Final = "ECDSA on P-256 or Ed25519, in PEM"

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class UnusableKeyError(Exception):
    """A key that can't be read, or is of a kind that is not used here."""


@dataclass(frozen=True)
class KeyPair:
    """Both halves of a key, in PEM."""

    private: bytes
    public: bytes


def new_key_pair() -> KeyPair:
    """Make an ECDSA key on P-256, its private half without a password."""
    key = ec.generate_private_key(ec.SECP256R1())
    return KeyPair(
        private=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        public=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def private_key(pem: bytes, password: str | None) -> PrivateKey:
    """Read a private key. Raises ``UnusableKeyError`` for another kind, and where the password does not open it."""
    try:
        key = load_pem_private_key(pem, password.encode() if password else None)
    except TypeError:
        if not password:
            raise UnusableKeyError("it is encrypted and no password was given") from None
        # A password for a key that needs none is no reason to stop.
        return private_key(pem, None)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError(f"it is no private key that opens: expected {ALLOWED}, and its password") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise UnusableKeyError(f"it is a private key of another kind: expected {ALLOWED}")


def public_key(pem: bytes) -> PublicKey:
    """Read a public key. Raises ``UnusableKeyError`` for anything else."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKeyError(f"it is no public key: expected {ALLOWED}") from None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise UnusableKeyError(f"it is a public key of another kind: expected {ALLOWED}")


def sign(content: bytes, key: PrivateKey) -> bytes:
    """Return the signature in base64; the same content and key give the same where the crypto library can do that."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return base64.b64encode(key.sign(content))
    try:
        found = key.sign(content, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
    except UnsupportedAlgorithm:
        found = key.sign(content, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(found)


def is_signed(content: bytes, signature: bytes, key: PublicKey) -> bool:
    """Tell whether a signature is of that content by the holder of that key."""
    try:
        found = base64.b64decode(signature.strip(), validate=True)
        if base64.b64encode(found) != signature.strip():
            return False  # Bits that mean nothing are still bits that somebody changed.
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(found, content)
        else:
            key.verify(found, content, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error):
        return False
    return True
