"""Asks a cluster's API server a question with nothing but the standard library: the supervisor has to stay small."""

from __future__ import annotations

import http.client
import ssl

from falaj.localcluster.places import Places
from falaj.localcluster.subnets import API_PORT, Subnets

SECONDS = 1.0


def get(places: Places, subnets: Subnets, path: str) -> bytes | None:
    """The body of the answer to a GET with the administrator's rights; None where that was not status 200."""
    connection = http.client.HTTPSConnection(
        str(subnets.node_address), API_PORT, timeout=SECONDS, context=_context(places)
    )
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.read() if answer.status == http.HTTPStatus.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _context(places: Places) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(places.keys / "cluster-ca.crt"))
    context.load_cert_chain(places.keys / "administrator.crt", places.keys / "administrator.key")
    return context
