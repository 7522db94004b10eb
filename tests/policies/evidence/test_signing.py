"""Signatures that other tools read, keys of two kinds, and what becomes of a file that was touched."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from falaj.signing import UnusableKeyError, is_signed, private_key, public_key, sign
from policies.evidence.bundle import MANIFEST, NoBundleError, Rendering, TamperedError, bundle, signed, verify
from tests.policies.evidence.samples import evidence, nothing

CURVE = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
FOUND = evidence()
FILES = signed(bundle(FOUND), CURVE)
TRUSTED = CURVE.public_key()


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey, password: str = "") -> bytes:
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def public_pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("key", [CURVE, EDWARDS], ids=["P-256", "Ed25519"])
def test_a_signature_holds_for_its_content_and_its_key_alone(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    found = sign(b"said", key)

    assert is_signed(b"said", found, key.public_key())
    assert sign(b"said", key) == found
    assert not is_signed(b"sais", found, key.public_key())
    assert not is_signed(b"said", found, ec.generate_private_key(ec.SECP256R1()).public_key())
    assert not is_signed(b"said", b"no base64", key.public_key())


def test_openssl_verifies_what_we_sign_as_cosign_does(tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_bytes(public_pem(CURVE))
    (tmp_path / "evidence.json").write_bytes(FILES["evidence.json"])
    (tmp_path / "evidence.sig").write_bytes(base64.b64decode(FILES["evidence.json.sig"]))

    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "key.pub", "-signature", "evidence.sig", "evidence.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "Verified OK\n"


def test_keys_are_read_with_their_password_and_without_need_of_one() -> None:
    for key in (CURVE, EDWARDS):
        assert isinstance(private_key(pem(key, "secret"), "secret"), type(key))
        assert isinstance(private_key(pem(key), "not needed"), type(key))
        assert isinstance(private_key(pem(key), None), type(key))
        assert public_key(public_pem(key)) == key.public_key()


@pytest.mark.parametrize(
    ("content", "password", "why"),
    [
        (pem(CURVE, "secret"), None, "it is encrypted and no password was given"),
        (pem(CURVE, "secret"), "wrong", "it is no private key that opens"),
        (b"-----BEGIN NOTHING-----", None, "it is no private key that opens"),
        (public_pem(CURVE), None, "it is no private key that opens"),
        (pem(rsa.generate_private_key(65537, 2048)), None, "it is a private key of another kind"),
        (pem(ec.generate_private_key(ec.SECP384R1())), None, "it is a private key of another kind"),
    ],
)
def test_a_key_that_can_not_sign_is_refused(content: bytes, password: str | None, why: str) -> None:
    with pytest.raises(UnusableKeyError, match=f"^{why}"):
        private_key(content, password)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pem(CURVE), "it is no public key"),
        (public_pem(rsa.generate_private_key(65537, 2048)), "it is a public key of another kind"),
        (public_pem(ec.generate_private_key(ec.SECP384R1())), "it is a public key of another kind"),
    ],
)
def test_a_key_that_can_not_verify_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(UnusableKeyError, match=f"^{why}"):
        public_key(content)


@pytest.mark.parametrize("found", [FOUND, nothing()], ids=["all", "nothing"])
@pytest.mark.parametrize("key", [CURVE, EDWARDS], ids=["P-256", "Ed25519"])
def test_what_was_signed_is_verified_and_read(
    found: object, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
) -> None:
    files = signed(bundle(found), key)  # type: ignore[arg-type]  # one of the two above

    assert verify(files, key.public_key()) == found


@settings(deadline=None)
@given(
    name=st.sampled_from(sorted(FILES)),
    where=st.floats(min_value=0, max_value=1, exclude_max=True),
    change=st.integers(min_value=1, max_value=255),
)
def test_one_changed_byte_of_any_file_is_noticed_and_the_file_named(name: str, where: float, change: int) -> None:
    content = bytearray(FILES[name])
    content[int(where * len(content))] ^= change

    with pytest.raises(TamperedError) as caught:
        verify({**FILES, name: bytes(content)}, TRUSTED)

    (said,) = str(caught.value).splitlines()
    assert name in said


@pytest.mark.parametrize("name", sorted(set(FILES) - {MANIFEST}))
def test_a_file_that_was_removed_is_named(name: str) -> None:
    with pytest.raises(TamperedError) as caught:
        verify({key: content for key, content in FILES.items() if key != name}, TRUSTED)

    assert list(caught.value.problems) == [name]


def test_a_file_that_was_added_is_named() -> None:
    with pytest.raises(TamperedError, match=r"^summary.html is no part of the evidence$"):
        verify({**FILES, "summary.html": b"all is well"}, TRUSTED)


def test_every_changed_file_is_named_at_once() -> None:
    with pytest.raises(TamperedError) as caught:
        verify({**FILES, "evidence.md": b"", "evidence.html": b""}, TRUSTED)

    assert str(caught.value).splitlines() == [
        "evidence.html was changed after it was signed",
        "evidence.md was changed after it was signed",
    ]


def test_a_bundle_signed_by_somebody_else_is_refused() -> None:
    with pytest.raises(TamperedError, match=r"^manifest.json is not what manifest.json.sig signs with this key$"):
        verify(signed(bundle(FOUND), EDWARDS), TRUSTED)


def test_files_of_two_evidences_do_not_mix() -> None:
    other = signed(bundle(nothing()), CURVE)

    with pytest.raises(TamperedError, match=r"^evidence.json was changed"):
        verify(
            {**FILES, "evidence.json": other["evidence.json"], "evidence.json.sig": other["evidence.json.sig"]}, TRUSTED
        )


@pytest.mark.parametrize("manifest", [b"", b"[]", b'{"format": "falaj-evidence-manifest/1", "sha256": {}}'])
def test_without_a_manifest_there_is_nothing_to_verify(manifest: bytes) -> None:
    forged = {MANIFEST: manifest, f"{MANIFEST}.sig": sign(manifest, CURVE)}

    with pytest.raises(NoBundleError):
        verify({**FILES, **forged}, TRUSTED)
    with pytest.raises(NoBundleError, match=r"^there is no manifest.json$"):
        verify({}, TRUSTED)


def test_only_what_is_asked_for_is_made() -> None:
    assert sorted(bundle(FOUND, [Rendering.SARIF])) == ["evidence.json", "evidence.sarif", "manifest.json"]
    assert sorted(bundle(FOUND, [])) == ["evidence.json", "manifest.json"]
