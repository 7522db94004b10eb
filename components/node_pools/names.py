"""Physical names of pools: a pool that can't be changed into the one asked for gets another name."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGITS_ON_AZURE = 5
"""Hexadecimal digits of the hash in a name of at most twelve characters."""
LONGEST_ON_AZURE = 12
DIGITS_ON_AWS = 8


def fingerprint(pool: str, fixed: Mapping[str, Any]) -> str:
    """Return the hash of what a pool can't change after it is made: another hash, another pool."""
    text = json.dumps({"pool": pool, **fixed}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def aws_name(pool: str, fixed: Mapping[str, Any]) -> str:
    """Return the name of an EKS node group: the pool's, a dash and the hash."""
    return f"{pool}-{fingerprint(pool, fixed)[:DIGITS_ON_AWS]}"


def azure_name(pool: str, fixed: Mapping[str, Any]) -> str:
    """Return the name of an AKS agent pool: the beginning of the pool's and the hash, twelve characters at most."""
    return f"{pool[: LONGEST_ON_AZURE - DIGITS_ON_AZURE]}{fingerprint(pool, fixed)[:DIGITS_ON_AZURE]}"
