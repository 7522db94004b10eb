"""The head of a request that was read, so that the next request with the same head need not be read again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from onnxruntime_server.http.exchange import Exchange
    from onnxruntime_server.http.routes import Target

LONGEST: Final = 1024
"""A longer head is not kept: there is one for every connection."""

_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class KnownHead:
    """What a head says, and how many bytes a request with it has."""

    head: bytes
    request_bytes: int
    method: bytes
    url: bytes
    headers: dict[bytes, bytes]
    target: Target | None


def known_head(data: bytes, exchange: Exchange) -> KnownHead | None:
    """What to keep of a request that was read from the beginning of ``data``.

    Nothing where it is not all of it. To be asked only of a request that the reader looks at no more than at others.
    """
    length = exchange.headers.get(b"content-length", b"0")
    head = data[: data.find(_END) + len(_END)]
    if not (
        data[:1].isalpha()
        and head.endswith(_END)
        and len(head) <= LONGEST
        and length.isdigit()
        and len(data) == len(head) + int(length)
        and exchange.answer is None
    ):
        return None
    return KnownHead(head, len(data), exchange.method, exchange.url, exchange.headers, exchange.target)
