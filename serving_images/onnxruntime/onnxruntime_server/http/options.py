"""How the HTTP server is to behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from onnxruntime_server.http.tls import CertificateFiles
from onnxruntime_server.protocol.messages import Limits

MOST_PIPELINED: Final = 16
"""Most requests of one connection that are worked on at a time; those behind them wait unread."""

LARGEST_BODIES: Final = 4
"""How many bodies of the largest size may be in memory at once; more small ones fit."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Limits and times. Every one of them bounds what a client can take from others."""

    limits: Limits = field(default_factory=Limits)
    """What one request may ask for."""

    header_seconds: float = 10.0
    """How long a client may take from a request's first byte to the end of its headers."""

    body_seconds: float = 30.0
    """How long the body may take after that."""

    idle_seconds: float = 120.0
    """How long a connection may be quiet. Longer than gateways keep theirs (90 in Go's client), so that none is closed
    as a request comes over it."""

    write_seconds: float = 30.0
    """In this time a client must take in some of an answer that waits for it."""

    linger_seconds: float = 1.0
    """How long a client that is refused may go on sending before it is cut off: most read only once they have sent."""

    connections: int = 1000
    """Most connections. Those above are refused, but for a few that may ask for health."""

    log_requests: bool = False
    """Whether every request is logged, not only faults of the server."""

    certificates: CertificateFiles | None = None
    """What TLS is spoken with; nothing for plain HTTP."""

    certificate_seconds: float = 10.0
    """How often the certificate's files are looked at."""
