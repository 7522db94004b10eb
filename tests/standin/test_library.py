from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from falaj.standin import library
from falaj.standin.library import package_of, resource_type
from falaj.standin.sdk import Sdk

KEY = "aws:kms/key:Key"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache."""
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path))
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    library._directory.cache_clear()
    resource_type.cache_clear()


@pytest.mark.parametrize(
    ("token", "package"),
    [(KEY, "aws"), ("azure-native:keyvault:Vault", "azure-native"), ("pulumi:providers:aws", "aws")],
)
def test_a_token_names_its_package(token: str, package: str) -> None:
    assert package_of(token) == package


def test_what_was_read_once_is_not_read_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = resource_type(KEY)
    assert read is not None
    whole = read.as_json()
    _forget()

    def never(*_: object) -> str:
        raise AssertionError("the SDK was read again")

    monkeypatch.setattr(Sdk, "text", never)
    again = resource_type(KEY)

    assert again is not None
    assert (again.inputs, again.outputs) == (read.inputs, read.outputs)
    assert {name: again.structure(name) for name in read.structures} == read.structures
    assert read.as_json() == whole
    (file,) = cache.rglob("*.json")
    assert file.name == "aws+kms-key+Key.json"


def test_what_another_reader_kept_is_given_back(cache: Path) -> None:
    former = cache / "standin" / "former" / "aws-7.0.0"
    former.mkdir(parents=True)

    resource_type(KEY)

    assert not former.parent.exists()
    assert len(list(cache.rglob("*.json"))) == 1


@pytest.mark.parametrize("damage", ["", "{}", "[1", '{"token": "aws:kms/key:Key"}'])
def test_a_damaged_file_is_read_anew(cache: Path, damage: str) -> None:
    read = resource_type(KEY)
    (file,) = cache.rglob("*.json")
    whole = file.read_text(encoding="utf-8")
    file.write_text(damage, encoding="utf-8")
    _forget()

    assert resource_type(KEY) == read
    assert file.read_text(encoding="utf-8") == whole


def test_a_cache_that_can_not_be_written_costs_time_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "file"))
    _forget()

    assert resource_type(KEY) is not None
    _forget()


def test_a_type_that_the_sdk_lacks_is_none() -> None:
    assert resource_type("aws:kms/key:Keys") is None
