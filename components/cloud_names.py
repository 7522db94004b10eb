"""Names that a cloud shares between all its customers, made so that one stack always gets the same."""

from __future__ import annotations

import hashlib
import re

DIGITS = 8
"""Hexadecimal digits of the hash at the end: a collision among a thousand stacks is one in ten thousand."""


def global_name(stack: str, role: str, account: str, *, longest: int, separator: str = "-") -> str:
    """Return `<stack>-<role>-<hash>`, cut to `longest`: lower-case letters, digits and the separator.

    The hash covers stack, role and account, so that two customers with equally named stacks do not collide. An empty
    separator suits storage accounts and container registries, whose names hold letters and digits only.
    """
    digest = hashlib.sha256(f"{account}/{stack}/{role}".encode()).hexdigest()[:DIGITS]
    readable = re.sub(r"[^a-z0-9]+", separator, f"{stack} {role}".lower()).strip(separator or None)
    room = longest - DIGITS - len(separator)
    return f"{readable[:room].rstrip(separator or None)}{separator}{digest}"
