"""TLS and mutual TLS from files that change."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from onnxruntime_server.http.options import HttpOptions
from onnxruntime_server.http.tls import CertificateFiles

from tests.serving_images.http_layer import PATIENCE, Layer, get, infer, layer, only, run, until

NOW = datetime.now(UTC)


class Authority:
    """Signs certificates for the loopback address."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key, authority=True)

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("server")]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def write(self, folder: Path, name: str, password: bytes | None = None) -> tuple[Path, Path]:
        """A certificate and its key, put where they were in one step each, as a mounted secret changes."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, authority=False)
        encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        files = folder / "tls.crt", folder / "tls.key"
        for file, text in zip(files, (certificate.public_bytes(serialization.Encoding.PEM), pem), strict=True):
            put(file, text)
        return files


def put(file: Path, text: bytes) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_bytes(text)
    fresh.replace(file)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("authority")


@pytest.fixture(scope="module")
def stranger() -> Authority:
    return Authority("stranger")


def client(authority: Authority, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.pem.decode())
    context.set_alpn_protocols(["h2", "http/1.1"])
    if own is not None:
        context.load_cert_chain(*own)
    return context


async def ask(running: Layer, context: ssl.SSLContext, request: bytes) -> tuple[bytes, ssl.SSLObject]:
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*running.address, ssl=context, server_hostname="server")
        tls = writer.get_extra_info("ssl_object")
        writer.write(request)
        try:
            return await reader.read(), tls
        finally:
            writer.close()


async def refused(running: Layer, context: ssl.SSLContext) -> bool:
    """Whether the client is turned away: some versions of TLS tell it at once, others when it reads."""
    try:
        received, _ = await ask(running, context, infer(1, close=True))
    except (ssl.SSLError, ConnectionError):
        return True
    return received == b""


def name_of(tls: ssl.SSLObject) -> str:
    subject = (tls.getpeercert() or {})["subject"]
    return str(dict(pair for part in subject for pair in part)["commonName"])  # type: ignore[misc]  # typeshed has it wider


def test_speaks_new_tls_with_forward_secrecy_and_http_1_1_only(tmp_path: Path, authority: Authority) -> None:
    files = CertificateFiles(*authority.write(tmp_path, "one"))

    async def scenario() -> None:
        async with layer(HttpOptions(certificates=files)) as running:
            received, tls = await ask(running, client(authority), infer(1, close=True))
            assert only(received).json["outputs"][0]["data"] == [1]
            assert (tls.version(), tls.selected_alpn_protocol(), name_of(tls)) == ("TLSv1.3", "http/1.1", "one")
            older = client(authority)
            older.maximum_version = ssl.TLSVersion.TLSv1_2
            _, tls = await ask(running, older, infer(1, close=True))
            assert tls.version() == "TLSv1.2"
            assert (tls.cipher() or ("",))[0].startswith("ECDHE-")
            older.set_ciphers("AES128-GCM-SHA256")
            assert await refused(running, older)
            assert await running.exchange(get("/v2")) == b""

    run(scenario())


def test_a_new_certificate_is_used_for_new_connections_and_breaks_none(
    tmp_path: Path, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "onnxruntime_server")
    files = CertificateFiles(*authority.write(tmp_path, "one"))

    async def scenario() -> None:
        async with layer(HttpOptions(certificates=files, certificate_seconds=0.01)) as running:
            held = asyncio.ensure_future(ask(running, client(authority), infer(1, model="held", close=True)))
            await running.backend.until_pending(1)
            put(tmp_path / "tls.key", b"nonsense")
            await until(lambda: "the certificate stays as it was" in caplog.messages)
            _, tls = await ask(running, client(authority), infer(1, close=True))
            assert name_of(tls) == "one"
            authority.write(tmp_path, "two")
            used = running.server._listening.used
            await until(lambda: running.server._listening.used is not used)
            _, tls = await ask(running, client(authority), infer(1, close=True))
            assert name_of(tls) == "two"
            running.backend.pending[0].answer()
            received, tls = await held
            assert (only(received).status, name_of(tls)) == (200, "one")

    run(scenario())
    (reason,) = {record.facts["reason"] for record in caplog.records if record.levelname == "ERROR"}  # type: ignore[attr-defined]  # our own
    paths = f"{tmp_path}/tls.crt, {tmp_path}/tls.key"
    assert reason == f"{paths}: not a certificate with its key in PEM"
    assert "nonsense" not in caplog.text


def test_who_else_looks_at_the_files_does_not_hide_a_change(tmp_path: Path, authority: Authority) -> None:
    files = CertificateFiles(*authority.write(tmp_path, "one"))

    async def scenario() -> str:
        async with layer(HttpOptions(certificates=files, certificate_seconds=0.01)) as running:
            authority.write(tmp_path, "two")
            used = running.server._listening.used
            files.refresh()
            await until(lambda: running.server._listening.used is not used)
            _, tls = await ask(running, client(authority), infer(1, close=True))
            return name_of(tls)

    assert run(scenario()) == "two"


def test_only_clients_of_the_authority_are_served(tmp_path: Path, authority: Authority, stranger: Authority) -> None:
    (tmp_path / "client").mkdir()
    (tmp_path / "other").mkdir()
    own = authority.write(tmp_path / "client", "client")
    other = stranger.write(tmp_path / "other", "client")
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    files = CertificateFiles(*authority.write(tmp_path, "one"), tmp_path / "ca.crt")

    async def scenario() -> None:
        async with layer(HttpOptions(certificates=files, certificate_seconds=0.01)) as running:
            received, _ = await ask(running, client(authority, own), infer(1, close=True))
            assert only(received).status == 200
            assert await refused(running, client(authority))
            assert await refused(running, client(authority, other))
            assert running.backend.responses == {200: 1}
            put(tmp_path / "ca.crt", stranger.pem)
            used = running.server._listening.used
            await until(lambda: running.server._listening.used is not used)
            received, _ = await ask(running, client(authority, other), infer(1, close=True))
            assert only(received).status == 200
            assert await refused(running, client(authority, own))

    run(scenario())


def test_a_client_that_never_shakes_hands_is_cut_off(tmp_path: Path, authority: Authority) -> None:
    files = CertificateFiles(*authority.write(tmp_path, "one"))
    assert run(silent(HttpOptions(certificates=files, header_seconds=0.1))) == b""


async def silent(options: HttpOptions) -> bytes:
    async with layer(options) as running:
        return await running.exchange()


def test_a_change_is_seen_once_and_what_is_the_same_is_none(tmp_path: Path, authority: Authority) -> None:
    files = CertificateFiles(*authority.write(tmp_path, "one"))
    first = files.current
    assert not files.refresh()
    put(tmp_path / "tls.crt", first.chain)
    assert not files.refresh()
    assert files.current is first
    authority.write(tmp_path, "two")
    assert files.refresh()
    assert not files.refresh()
    (tmp_path / "tls.key").unlink()
    assert not files.refresh()
    assert files.current.chain != first.chain


PASSWORD = "the private key has a password; give it without one"
NO_PAIR = "not a certificate with its key in PEM"


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("tls.crt", None, "the key does not belong to the certificate"),
        ("tls.crt", b"", NO_PAIR),
        ("tls.key", b"nonsense", NO_PAIR),
        ("ca.crt", b"\xff", "the clients' authority is not PEM"),
        ("ca.crt", b"nonsense", NO_PAIR),
        ("ca.crt", b"", "the clients' authority is empty"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(
    tmp_path: Path, authority: Authority, file: str, text: bytes | None, reason: str
) -> None:
    paths = (*authority.write(tmp_path, "one"), tmp_path / "ca.crt")
    (tmp_path / "ca.crt").write_bytes(authority.pem)
    put(tmp_path / file, authority.pem if text is None else text)
    message = f"{', '.join(map(str, paths))}: {reason}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        CertificateFiles(*paths)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path, authority: Authority) -> None:
    paths = authority.write(tmp_path, "one", b"secret")
    with pytest.raises(ValueError, match=PASSWORD):
        CertificateFiles(*paths)
