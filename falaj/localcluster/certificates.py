"""The keys and certificates of a cluster: authorities made once, everything else made new at each start."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3650)
CERTIFICATE_LIFE = timedelta(days=365)
CLOCK_SKEW = timedelta(minutes=5)
SECRET_MODE = 0o600


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, never readable by others in between, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, SECRET_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.rename(path)


@dataclass(frozen=True)
class KeyPair:
    """Where a certificate and its key lie."""

    certificate: Path
    """PEM."""

    key: Path
    """PEM, mode 0600."""


@dataclass(frozen=True)
class Authority:
    """A certificate authority that lives in one folder under one name."""

    directory: Path
    """Where its files and those of the certificates it issues lie."""

    name: str
    """Its common name and the stem of its files."""

    @property
    def files(self) -> KeyPair:
        """Its own certificate and key."""
        return _files(self.directory, self.name)

    def ensure(self) -> None:
        """Make the authority unless it is there, whole."""
        if self.files.key.exists() and self.files.certificate.exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        name = _subject(self.name, ())
        builder = _builder(name, name, key.public_key(), AUTHORITY_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(authority=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        _write(self.files, key, builder.sign(key, hashes.SHA256()))

    def issue(
        self,
        name: str,
        common_name: str,
        *,
        organizations: Sequence[str] = (),
        dns_names: Sequence[str] = (),
        addresses: Sequence[IPv4Address] = (),
    ) -> KeyPair:
        """A new key and certificate: a server's where it has names or addresses, and a client's always."""
        authority = x509.load_pem_x509_certificate(self.files.certificate.read_bytes())
        authority_key = serialization.load_pem_private_key(self.files.key.read_bytes(), password=None)
        assert isinstance(authority_key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we wrote this file
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [*map(x509.DNSName, dns_names), *map(x509.IPAddress, addresses)]
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if alternatives else [])]
        subject = _subject(common_name, organizations)
        builder = _builder(subject, authority.subject, key.public_key(), CERTIFICATE_LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(authority=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        builder = builder.add_extension(issuer_key, critical=False)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        pair = _files(self.directory, name)
        _write(pair, key, builder.sign(authority_key, hashes.SHA256()))
        return pair


def ensure_signing_key(directory: Path, name: str) -> KeyPair:
    """The key that signs service account tokens, made once, and its public half."""
    pair = KeyPair(certificate=directory / f"{name}.pub", key=directory / f"{name}.key")
    if not pair.key.exists() or not pair.certificate.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key()
        write_secret(
            pair.certificate,
            public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        )
        write_secret(pair.key, _key_bytes(key))
    return pair


def _files(directory: Path, name: str) -> KeyPair:
    return KeyPair(certificate=directory / f"{name}.crt", key=directory / f"{name}.key")


def _subject(common_name: str, organizations: Sequence[str]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization) for organization in organizations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + life)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(pair: KeyPair, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    write_secret(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM))
    write_secret(pair.key, _key_bytes(key))
