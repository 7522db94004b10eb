"""gRPC over TLS: who is let in, and certificates that change while the server runs."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from onnxruntime_server.http.tls import CertificateFiles

from tests.serving_images.certificates import Authority
from tests.serving_images.onnxruntime.grpc_backend import INFER, PATIENCE, Running, request, running


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("servers")


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> CertificateFiles:
    return CertificateFiles(*authority.write(tmp_path, "first"))


def ask(server: Running, trusted: Authority, client: tuple[bytes, bytes] | None = None) -> bytes:
    """An answer to whom trusts this authority and shows this certificate."""
    chain, key = client or (None, None)
    credentials = grpc.ssl_channel_credentials(trusted.pem, key, chain)
    with grpc.secure_channel(server.target, credentials) as channel:
        answer = channel.unary_unary(INFER, None, None)(request(), timeout=PATIENCE)
    assert isinstance(answer, bytes)
    return answer


@contextmanager
def shut_out() -> Iterator[None]:
    with pytest.raises(grpc.RpcError) as refused:
        yield
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def shown(server: Running) -> str:
    """The name on the certificate that a new connection is shown."""
    found = x509.load_pem_x509_certificate(ssl.get_server_certificate(("127.0.0.1", server.port)).encode())
    return found.subject.rfc4514_string()


def test_a_client_that_trusts_the_authority_is_answered(authority: Authority, files: CertificateFiles) -> None:
    with running(certificates=files) as server:
        assert ask(server, authority)
        with shut_out():
            ask(server, Authority("others"))
        with grpc.insecure_channel(server.target) as plain, shut_out():
            plain.unary_unary(INFER, None, None)(request(), timeout=PATIENCE)


def test_with_an_authority_of_clients_only_theirs_are_answered(authority: Authority, tmp_path: Path) -> None:
    clients = Authority("clients")
    (tmp_path / "clients.crt").write_bytes(clients.pem)
    files = CertificateFiles(*authority.write(tmp_path, "first"), tmp_path / "clients.crt")
    with running(certificates=files) as server:
        assert ask(server, authority, clients.issue("tenant"))
        for client in (None, Authority("others").issue("tenant"), authority.issue("tenant")):
            with shut_out():
                ask(server, authority, client)


def test_new_files_are_used_for_new_connections(authority: Authority, files: CertificateFiles, tmp_path: Path) -> None:
    with running(certificates=files) as server, server.channel():
        assert shown(server) == "CN=first"
        authority.write(tmp_path, "second")
        assert shown(server) == "CN=second"
        (tmp_path / "tls.key").write_text("no key")
        assert shown(server) == "CN=second"
        authority.write(tmp_path, "third")
        assert files.refresh()  # HTTP looks at the same files, and may be the first to see it
        assert shown(server) == "CN=third"
        assert ask(server, authority)


def test_a_changed_authority_of_clients_holds_for_new_connections(authority: Authority, tmp_path: Path) -> None:
    before, after = Authority("before"), Authority("after")
    (tmp_path / "clients.crt").write_bytes(before.pem)
    files = CertificateFiles(*authority.write(tmp_path, "first"), tmp_path / "clients.crt")
    with running(certificates=files) as server:
        assert ask(server, authority, before.issue("tenant"))
        (tmp_path / "clients.new").write_bytes(after.pem)
        (tmp_path / "clients.new").replace(tmp_path / "clients.crt")
        assert ask(server, authority, after.issue("tenant"))
        with shut_out():
            ask(server, authority, before.issue("tenant"))
