"""Secrets are kept exactly as Pulumi's passphrase provider keeps them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from falaj.engine import passphrase
from falaj.engine.passphrase import Crypter, StackSecrets, find_passphrase, new_salt
from falaj.errors import ConfigurationError

PULUMI_SALT = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=="
"""Made by the Pulumi CLI with the passphrase ``password``; from its own test suite."""


def test_opens_what_the_pulumi_cli_made() -> None:
    crypter = Crypter("password", PULUMI_SALT, "a test")

    assert crypter.decrypt(crypter.encrypt("a date palm")) == "a date palm"


def test_another_passphrase_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Crypter("Password", PULUMI_SALT, "Pulumi.dev.yaml").encrypt("x")

    assert caught.value.code == "FAL-ENG-201"
    assert caught.value.where == "Pulumi.dev.yaml"


@pytest.mark.parametrize("salt", ["", "v1", "v2:AAAA:v1:AAAA:AAAA", "v1:?:v1:AAAA:AAAA", "v1:AAAA:v1:x"])
def test_a_malformed_salt_is_refused(salt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "ITERATIONS", 1)
    with pytest.raises(ConfigurationError) as caught:
        Crypter("password", salt, "Pulumi.dev.yaml").decrypt("v1:AAAA:AAAA")

    assert caught.value.code in {"FAL-ENG-201", "FAL-ENG-202"}


def test_the_key_is_derived_only_when_a_secret_is_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)

    secrets = StackSecrets("", tmp_path, "a test")

    assert secrets.salt == ""
    assert list(tmp_path.iterdir()) == []
    assert secrets.decrypt(secrets.encrypt("x")) == "x"
    assert secrets.salt.startswith("v1:")


def test_without_a_passphrase_one_is_made_and_kept_for_the_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)

    first = find_passphrase(tmp_path / "state")

    file = tmp_path / "state" / "passphrase"
    assert find_passphrase(tmp_path / "state") == first == file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["passphrase"]


def test_the_environment_wins_over_the_file_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "phrase").write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "phrase"))
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    assert find_passphrase(tmp_path) == "from a file"

    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
    assert find_passphrase(tmp_path) == ""


def test_an_unreadable_passphrase_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "nowhere"))

    with pytest.raises(ConfigurationError) as caught:
        find_passphrase(tmp_path)

    assert (caught.value.code, caught.value.where) == ("FAL-ENG-203", "PULUMI_CONFIG_PASSPHRASE_FILE")


def test_salts_and_ciphertexts_differ_each_time() -> None:
    assert new_salt("password") != new_salt("password")
    crypter = Crypter("password", PULUMI_SALT, "a test")
    assert crypter.encrypt("x") != crypter.encrypt("x")


def test_a_damaged_ciphertext_is_refused() -> None:
    crypter = Crypter("password", PULUMI_SALT, "Pulumi.dev.yaml")

    with pytest.raises(ConfigurationError) as caught:
        crypter.decrypt("nonsense")

    assert caught.value.code == "FAL-ENG-202"
