"""How a secret in plain text is told by its name or its looks."""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

SECRET_WORDS: Final = frozenset(
    {
        "apikey", "credential", "credentials", "key", "passphrase", "passwd", "password", "privatekey", "pwd",
        "secret", "secrets", "token",
    }
)  # fmt: skip
HARMLESS_ENDINGS: Final = frozenset(
    {
        "algorithm", "count", "dir", "directory", "enabled", "endpoint", "expiry", "file", "host", "id", "length",
        "limit", "name", "path", "port", "size", "timeout", "ttl", "type", "uri", "url", "version",
    }
)  # fmt: skip
SWITCHES: Final = frozenset({"", "0", "1", "true", "false", "yes", "no", "on", "off", "none"})
WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

LOOKS: Final = re.compile(
    r"""
      -----BEGIN\ [A-Z ]*PRIVATE\ KEY                          # PEM
    | \beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*                     # JSON web token
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                            # AWS access key
    | \b(?:AccountKey|SharedAccessKey)=[\w+/]{20,}             # Azure connection string
    | \bgh[pousr]_\w{36,}                                      # GitHub
    | \bhf_[A-Za-z0-9]{30,}                                    # Hugging Face
    | \bsk-[\w-]{20,}                                          # model vendors
    | \bxox[abprs]-[\w-]{10,}                                  # Slack
    | \bAIza[\w-]{35}                                          # Google
    | ://[^/\s:@]+:[^/\s@]+@                                   # password in a URL
    """,
    re.VERBOSE,
)
OPAQUE: Final = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9+/_=-]{32,}")
RANDOM_BITS_PER_CHARACTER: Final = 4.3


def named_like_a_secret(name: str) -> bool:
    """Tell whether an environment variable's name announces a secret: ``DB_PASSWORD``, but not ``KEY_FILE``."""
    words = [word.lower() for word in WORD.findall(name)]
    return bool(words) and words[-1] not in HARMLESS_ENDINGS and not SECRET_WORDS.isdisjoint(words)


def is_switch(value: str) -> bool:
    """Tell whether the value is empty or a mere yes or no, which is no secret whatever its name."""
    return value.strip().lower() in SWITCHES


def looks_like_a_secret(value: str) -> bool:
    """Tell whether a value has the form of a known kind of key, or is long and random."""
    if LOOKS.search(value) is not None:
        return True
    return OPAQUE.fullmatch(value) is not None and bits_per_character(value) >= RANDOM_BITS_PER_CHARACTER


def bits_per_character(text: str) -> float:
    """Return the Shannon entropy of the text's characters."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
