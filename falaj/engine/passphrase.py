"""Pulumi's passphrase secrets provider, byte for byte: PBKDF2-SHA256 and AES-256-GCM."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import os
import secrets
import threading
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from falaj.errors import ConfigurationError

ITERATIONS = 1_000_000
"""Rounds of PBKDF2; about a third of a second, once per process and salt."""

_VERSION = "v1"
_CHECK = "pulumi"
_SALT_BYTES = 8
_NONCE_BYTES = 12
_KEY_BYTES = 32


@functools.lru_cache(maxsize=32)
def _derive(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ITERATIONS, _KEY_BYTES))


def _encrypt(cipher: AESGCM, text: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = cipher.encrypt(nonce, text.encode(), None)
    return f"{_VERSION}:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"


def _decrypt(cipher: AESGCM, text: str) -> str:
    version, nonce, sealed = text.split(":")
    if version != _VERSION:
        raise ValueError(f"unknown version {version}")
    return cipher.decrypt(base64.b64decode(nonce), base64.b64decode(sealed), None).decode()


class Crypter:
    """Encrypts and decrypts the secrets of one stack. Derives its key only when a secret is really met."""

    def __init__(self, passphrase: str, salt: str, where: str) -> None:
        self.salt = salt
        self._passphrase = passphrase
        self._where = where

    @functools.cached_property
    def _cipher(self) -> AESGCM:
        try:
            version, salt, check = self.salt.split(":", 2)
            if version != _VERSION:
                raise ValueError(f"unknown version {version}")  # noqa: TRY301 - one handler tells them all
            cipher = _derive(self._passphrase, base64.b64decode(salt, validate=True))
            _decrypt(cipher, check)
        except InvalidTag as error:
            raise self._wrong_passphrase() from error
        except (ValueError, binascii.Error) as error:
            raise ConfigurationError(
                f"The encryption salt is malformed: {error}",
                code="FAL-ENG-202",
                where=self._where,
                hint="restore the salt from version control; secrets made with it can not be read without it.",
            ) from error
        return cipher

    def _wrong_passphrase(self) -> ConfigurationError:
        return ConfigurationError(
            "The passphrase does not open this stack's secrets.",
            code="FAL-ENG-201",
            where=self._where,
            hint="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one they were made with.",
        )

    def encrypt(self, text: str) -> str:
        """The ciphertext, ``v1:nonce:sealed``; different each time."""
        return _encrypt(self._cipher, text)

    def decrypt(self, ciphertext: str) -> str:
        """The plain text. Refuses what this stack's passphrase did not make."""
        try:
            return _decrypt(self._cipher, ciphertext)
        except InvalidTag as error:
            raise self._wrong_passphrase() from error
        except (ValueError, binascii.Error) as error:
            raise ConfigurationError(
                f"The encrypted value is malformed: {error}",
                code="FAL-ENG-202",
                where=self._where,
                hint="write the value again with `pulumi config set --secret`, or take the last good file.",
            ) from error


def new_salt(passphrase: str) -> str:
    """A fresh salt together with the check by which a wrong passphrase is noticed."""
    salt = secrets.token_bytes(_SALT_BYTES)
    check = _encrypt(_derive(passphrase, salt), _CHECK)
    return f"{_VERSION}:{base64.b64encode(salt).decode()}:{check}"


def find_passphrase(state_directory: Path) -> str:
    """The passphrase: PULUMI_CONFIG_PASSPHRASE, else the file PULUMI_CONFIG_PASSPHRASE_FILE names, else our own.

    Where neither is set, a random one is made once and kept in ``passphrase`` in the state directory, readable by
    its owner alone. Whoever moves the state elsewhere, or hands it to ``pulumi stack import``, takes that file along.
    """
    from_environment = os.environ.get("PULUMI_CONFIG_PASSPHRASE")
    if from_environment is not None:
        return from_environment
    named = os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    if named:
        try:
            return Path(named).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The passphrase file can not be read: {error}",
                code="FAL-ENG-203",
                where="PULUMI_CONFIG_PASSPHRASE_FILE",
                hint="name a readable file, or unset the variable.",
            ) from error
    return _own_passphrase(state_directory / "passphrase")


def _own_passphrase(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(secrets.token_urlsafe(32))
        handle.flush()
        os.fsync(handle.fileno())
    try:
        os.link(fresh, file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return file.read_text(encoding="utf-8").strip()


class StackSecrets:
    """The secrets of one stack's state. Makes a salt, and asks for the passphrase, only when a secret is really met."""

    def __init__(self, salt: str, state_directory: Path, where: str) -> None:
        self._state_directory = state_directory
        self._where = where
        self._salt = salt
        self._crypter: Crypter | None = None
        self._lock = threading.Lock()

    @property
    def salt(self) -> str:
        """The salt in use; empty as long as the stack has no secret."""
        return self._salt

    def _unlocked(self) -> Crypter:
        with self._lock:
            if self._crypter is None:
                passphrase = find_passphrase(self._state_directory)
                self._salt = self._salt or new_salt(passphrase)
                self._crypter = Crypter(passphrase, self._salt, self._where)
            return self._crypter

    def encrypt(self, text: str) -> str:
        """The ciphertext of a secret."""
        return self._unlocked().encrypt(text)

    def decrypt(self, ciphertext: str) -> str:
        """The plain text of a secret."""
        return self._unlocked().decrypt(ciphertext)
