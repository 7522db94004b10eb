"""Statements about an image (in-toto, version 1) in signed envelopes (DSSE), as cosign and in-toto write them.

Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md,
https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from falaj.attestation.fault import UnprovenError
from falaj.signing import PrivateKey, PublicKey, is_signed, sign

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PAYLOAD: Final = "application/vnd.in-toto+json"


def sealed(name: str, digest: str, kind: str, predicate: object, key: PrivateKey) -> bytes:
    """Return the envelope of a statement of that kind about the image of that name and digest."""
    subject = [{"name": name, "digest": {"sha256": digest}}]
    statement = {"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate}
    body = json.dumps(statement, ensure_ascii=False, separators=(",", ":")).encode()
    signatures = [{"keyid": "", "sig": sign(_signed_bytes(PAYLOAD, body), key).decode()}]
    envelope = {"payload": base64.b64encode(body).decode(), "payloadType": PAYLOAD, "signatures": signatures}
    return f"{json.dumps(envelope)}\n".encode()


def opened(envelope: bytes, name: str, digest: str, kind: str, key: PublicKey, *, file: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the predicate once the envelope is proven; raises ``UnprovenError`` for anything that is not as sealed."""
    try:
        outer: Mapping[str, Any] = json.loads(envelope)
        body = base64.b64decode(outer["payload"], validate=True)
        signature = str(outer["signatures"][0]["sig"]).encode()
        exact = _signed_bytes(str(outer["payloadType"]), body)
    except (ValueError, KeyError, IndexError, TypeError, binascii.Error):
        raise UnprovenError(f"{file} is no signed envelope") from None
    if not is_signed(exact, signature, key):
        raise UnprovenError(f"{file} is not signed by the holder of this key, or was changed since")
    statement: Mapping[str, Any] = json.loads(body)
    if statement["subject"] != [{"name": name, "digest": {"sha256": digest}}]:
        raise UnprovenError(f"{file} speaks of another image")
    if (statement["_type"], statement["predicateType"]) != (STATEMENT, kind):
        raise UnprovenError(f"{file} holds {statement['predicateType']}, not {kind}")
    return statement["predicate"]


def _signed_bytes(kind: str, body: bytes) -> bytes:
    """DSSE's pre-authentication encoding: kind and body can't be shifted into each other."""
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind.encode(), str(len(body)).encode(), body])
