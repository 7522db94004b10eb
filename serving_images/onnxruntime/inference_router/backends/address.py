"""Where runtimes of a side are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?P<ports>(?::[0-9]{1,5}){1,3})", re.ASCII)
_LARGEST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Address:
    """A name or an IP address, and the ports of what answers there."""

    host: str
    """Every address it stands for is an endpoint of its own, as those of a headless Service."""

    http_port: int
    """Of REST."""

    grpc_port: int | None = None
    """Of gRPC; nothing where it is not spoken."""

    metrics_port: int | None = None
    """Of Prometheus metrics, where they have a port of their own."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address in ``HOST:HTTP[:GRPC[:METRICS]]``. Raises a ValueError for anything else."""
        if (match := _FORM.fullmatch(text)) is None:
            raise ValueError(text)
        ports = [int(port) for port in match["ports"].split(":")[1:]]
        if not all(0 < port <= _LARGEST_PORT for port in ports):
            raise ValueError(text)
        return cls(match["host"].strip("[]"), *ports)

    def at(self, host: str) -> Address:
        """The same ports on another host."""
        return Address(host, self.http_port, self.grpc_port, self.metrics_port)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.http_port}" if ":" in self.host else f"{self.host}:{self.http_port}"
