"""``python -m onnxruntime_server.repository.seal MODELS``: writes the manifest of a repository, and signs it."""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository.folder import Folder
from onnxruntime_server.repository.manifest import FILE_NAME, SIGNATURE_NAME, Content, digest

Sign: TypeAlias = Callable[[bytes], bytes]
"""The signature of some bytes."""


def seal(folder: Folder, models: tuple[str, ...], where: str, sign: Sign | None) -> str:
    """Write the manifest of some models, and its signature; the manifest's digest.

    ``where`` is the folder that it is written to: nothing for the root, or the model's own.
    """
    prefix = f"{where}/" if where else ""
    own = {prefix + FILE_NAME, prefix + SIGNATURE_NAME}
    files = sorted(file for model in models for file in folder.files(model) if file not in own)
    content = Content(
        files={file.removeprefix(prefix): digest(folder.chunks(file, float("inf"))) for file in files}, model=where
    )
    data = msgspec.json.format(msgspec.json.encode(content)) + b"\n"
    _write(folder.root / where / FILE_NAME, data)
    if sign is None:
        (folder.root / where / SIGNATURE_NAME).unlink(missing_ok=True)
    else:
        _write(folder.root / where / SIGNATURE_NAME, base64.b64encode(sign(data)) + b"\n")
    return digest((data,))


def signer(key: Path) -> Sign:
    """Signs with a private key, ECDSA on P-256 or Ed25519, as `cosign sign-blob` does. Refuses other keys."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - only who signs needs the library
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - see above

    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, TypeError, ValueError) as error:
        raise RepositoryError(f"{key}: no private key in PEM without a password: {error}") from None
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign
    if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        return lambda data: private.sign(data, ec.ECDSA(hashes.SHA256()))
    raise RepositoryError(f"{key}: a key of another kind; expected ECDSA on P-256 or Ed25519")


def main(arguments: list[str] | None = None) -> int:
    """Write and say what was written; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m onnxruntime_server.repository.seal", description=__doc__)
    parser.add_argument("models", type=Path, metavar="MODELS", help="folder of <model>/<version>/model.onnx")
    parser.add_argument("--key", type=Path, metavar="PEM", help="private key to sign with")
    parser.add_argument("--per-model", action="store_true", help="write a manifest into the folder of each model")
    given = parser.parse_args(arguments)
    try:
        folder = Folder.at(given.models)
        sign = None if given.key is None else signer(given.key)
        models = folder.models()
        parts = {model: (model,) for model in models} if given.per_model else {"": models}
        for where, names in parts.items():
            found = seal(folder, names, where, sign)
            sys.stdout.write(f"{folder.root / where / FILE_NAME} {found}\n")
    except (RepositoryError, OSError) as error:
        sys.stderr.write(f"seal: {error}\n")
        return 1
    return 0


def _write(file: Path, data: bytes) -> None:
    """Put a whole file in place of another."""
    beside = file.with_name(f".{file.name}")
    beside.write_bytes(data)
    beside.replace(file)


if __name__ == "__main__":
    sys.exit(main())
