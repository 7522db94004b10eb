"""The keys with which images are signed and verified."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from falaj.errors import ConfigurationError
from falaj.localcluster.locks import lock
from falaj.signing import PrivateKey, PublicKey, UnusableKeyError, new_key_pair, private_key, public_key

PASSWORD: Final = "FALAJ_IMAGE_KEY_PASSWORD"  # noqa: S105 - the name of a variable
"""Where the password of a signing key stands, if it has one."""
OWN_KEY: Final = Path(".falaj", "images.key")
"""The project's own key, of no worth beyond this machine; its public half lies beside it as images.pub."""


def private(root: Path, file: Path | None) -> PrivateKey:
    """Return the key to sign with: that of the file, or the project's own, which is made where there is none."""
    if file is None:
        file = root / OWN_KEY
        with lock("image-key"):
            if not file.exists():
                _make(file)
    try:
        return private_key(file.read_bytes(), os.environ.get(PASSWORD))
    except UnusableKeyError as error:
        raise _unusable(file, str(error), f"make one with `openssl genpkey`, or set {PASSWORD}") from None
    except OSError as error:
        raise _unusable(file, str(error.strerror), "name a file that you may read") from None


def public(file: Path) -> PublicKey:
    """Return the key to verify with."""
    try:
        return public_key(file.read_bytes())
    except UnusableKeyError as error:
        hint = f"name the public key, as `openssl pkey -pubout` writes it; `falaj images build` made {OWN_KEY.stem}.pub"
        raise _unusable(file, str(error), hint) from None
    except OSError as error:
        raise _unusable(file, str(error.strerror), "name a file that you may read") from None


def _make(file: Path) -> None:
    pair = new_key_pair()
    file.parent.mkdir(parents=True, exist_ok=True)
    # Nobody else may read it, not even before it is written.
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:  # noqa: PTH123 - a mode from the first moment
        stream.write(pair.private)
    file.with_suffix(".pub").write_bytes(pair.public)


def _unusable(file: Path, why: str, hint: str) -> ConfigurationError:
    return ConfigurationError(f"The key can't be used: {why}.", code="FAL-IMG-024", where=f"--key {file}", hint=hint)
