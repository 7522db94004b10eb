"""How the gRPC server is to behave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from onnxruntime_server.http.tls import CertificateFiles
from onnxruntime_server.protocol.messages import Limits

LARGEST_MESSAGES: Final = 4
"""How many messages of the largest size may be in memory at once; more small ones fit."""


@dataclass(frozen=True, slots=True)
class GrpcOptions:
    """Limits and times. Every one of them bounds what a client can take from others."""

    host: str
    """The address to listen on."""

    port: int
    """The port to listen on; 0 takes a free one."""

    limits: Limits = field(default_factory=Limits)
    """What one request may ask for; a message has at most as many bytes as a body."""

    calls: int = 256
    """Most calls that are worked on at a time; each has a thread while it is. Those above are refused."""

    streams: int = 64
    """Most streams beside them, of inference, health and reflection together."""

    calls_of_a_connection: int = 128
    """Most calls and streams of one connection; those above wait with the client."""

    connections: int = 1000
    """Most connections."""

    message_seconds: float = 30.0
    """How long the message of a call may take to arrive. A stream may be quiet for longer."""

    idle_seconds: float = 600.0
    """How long a connection may have no call before it is closed; clients connect again by themselves."""

    keepalive_seconds: float = 60.0
    """How often a quiet client is asked whether it is still there."""

    least_ping_seconds: float = 10.0
    """Clients that ask more often are cut off."""

    log_requests: bool = False
    """Whether every call is logged, not only faults of the server."""

    certificates: CertificateFiles | None = None
    """What TLS is spoken with; nothing for plain text."""
