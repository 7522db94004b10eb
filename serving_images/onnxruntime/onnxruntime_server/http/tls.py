"""Certificates from mounted files, read again when they change, and the TLS that HTTP makes of them."""

from __future__ import annotations

import logging
import os
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has no others."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Certificates:
    """One state of the files, all in PEM."""

    chain: bytes
    """The server's certificate and those between it and the root."""

    key: bytes
    """Its private key."""

    client_authority: bytes | None
    """Who signs the certificates of clients; nothing where clients need none."""


class CertificateFiles:
    """The newest sound state of a certificate, its key and the clients' authority. Knows no transport.

    Refuses at the start what can't be used. Later a broken state is logged and the one before it kept: files of a
    mounted secret change one after the other.
    """

    current: Certificates
    """What new connections are to use; another object after each change."""

    def __init__(self, certificate: Path, key: Path, client_authority: Path | None = None) -> None:
        self._paths = (certificate, key) if client_authority is None else (certificate, key, client_authority)
        self._lock = threading.Lock()
        self._seen = self._look()
        self.current = self._read()

    def refresh(self) -> bool:
        """Read the files again if they changed; whether there is a new state. Cheap; may be called from any thread."""
        with self._lock:
            try:
                if (seen := self._look()) == self._seen:
                    return False
                self._seen = seen
                found = self._read()
            except (OSError, ValueError) as error:
                _LOG.error("the certificate stays as it was", extra={"facts": {"reason": str(error)}})
                return False
            if found == self.current:
                return False
            self.current = found
        _LOG.info("certificate changed", extra={"facts": {"file": str(self._paths[0])}})
        return True

    def _look(self) -> tuple[tuple[int, int, int] | None, ...]:
        """What changes with the files; nothing for one that is away."""
        return tuple(map(_identity, self._paths))

    def _read(self) -> Certificates:
        texts = [path.read_bytes() for path in self._paths]
        found = Certificates(texts[0], texts[1], texts[2] if len(texts) > 2 else None)  # noqa: PLR2004 - it is the third
        try:
            server_context(found)
        except ValueError as error:
            raise ValueError(f"{', '.join(map(str, self._paths))}: {error}") from None
        return found


def _identity(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def server_context(certificates: Certificates) -> ssl.SSLContext:
    """TLS 1.2 or newer for HTTP/1.1. Refuses, with a ValueError, a key that does not belong or has a password."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    # A resumed session is not checked against the clients' authority again.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0
    try:
        _load_chain(context, certificates)
        if certificates.client_authority is not None:
            if not certificates.client_authority:
                raise ValueError("the clients' authority is empty")
            context.load_verify_locations(cadata=certificates.client_authority.decode("ascii"))
            context.verify_mode = ssl.CERT_REQUIRED
    except ssl.SSLError as error:
        raise ValueError(_reason(error)) from None
    except UnicodeDecodeError:
        raise ValueError("the clients' authority is not PEM") from None
    return context


def _load_chain(context: ssl.SSLContext, certificates: Certificates) -> None:
    """Load from memory what was read: by the time of a second look the files may be others."""
    # ssl takes only names of files; this one is never on a disk.
    file = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(file, b"\n".join((certificates.key, certificates.chain)))
        context.load_cert_chain(f"/proc/self/fd/{file}", password=_no_password)
    finally:
        os.close(file)


def _no_password() -> str:
    raise ValueError("the private key has a password; give it without one")


def _reason(error: ssl.SSLError) -> str:
    reason = str(getattr(error, "reason", None) or "")
    if "MISMATCH" in reason:
        return "the key does not belong to the certificate"
    return reason.lower().replace("_", " ") or "not a certificate with its key in PEM"
