"""Which names are those of a key of our own."""

from __future__ import annotations

import pytest

from policies.node import Node
from policies.ownership.own_keys import (
    OWN_DISK_KEY,
    OWN_KMS_KEY,
    OWN_VAULT,
    OWN_VAULT_KEY,
    is_encrypted,
    is_own_disk_key,
    is_own_kms_key,
    is_own_vault,
    is_own_vault_key,
)
from policies.path import Path
from policies.values import UNKNOWN, Secret

IDENTIFIER = "1234abcd-12ab-34cd-56ef-1234567890ab"
HERE = "arn:aws:kms:me-central-1:111122223333"
GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/acme"
KEY = Path(("key",))


@pytest.mark.parametrize(
    "name",
    [
        IDENTIFIER,
        f"mrk-{'0a' * 16}",
        "alias/acme-disks",
        "alias/aws-of-acme",
        f"{HERE}:key/{IDENTIFIER}",
        f"{HERE}:key/mrk-{'0a' * 16}",
        f"{HERE}:alias/acme/disks",
        Secret(f"{HERE}:key/{IDENTIFIER}"),
    ],
)
def test_a_kms_key_of_our_own_is_named_by_id_alias_or_arn(name: str) -> None:
    assert list(is_own_kms_key(Node(name, KEY))) == []


@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "alias/aws/s3",
        f"{HERE}:alias/aws/s3",
        f"arn:aws:kms:eu-west-1:111122223333:key/{IDENTIFIER}",
        "arn:aws:kms:eu-west-1:111122223333:alias/acme",
        f"arn:aws:iam:me-central-1:111122223333:key/{IDENTIFIER}",
        f"arn:aws:kms:me-central-1:1111:key/{IDENTIFIER}",
        f"{HERE}:key/{IDENTIFIER[:-1]}",
        IDENTIFIER.upper(),
        f"{IDENTIFIER}\n",
        "acme-disks",
        True,
        [IDENTIFIER],
    ],
)
def test_what_names_no_kms_key_of_our_own_in_the_country_is_found(name: object) -> None:
    assert list(is_own_kms_key(Node(name, KEY))) == [Node(name, KEY).finding(OWN_KMS_KEY)]


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.vault.azure.net/keys/data",
        "https://acme.vault.azure.net:443/keys/data/",
        f"https://acme.vault.azure.net/keys/data/{'0a' * 16}",
        f"https://acme.managedhsm.azure.net/keys/data/{'0a' * 16}",
    ],
)
def test_a_key_in_a_vault_is_named_by_its_address_with_or_without_version(address: str) -> None:
    assert list(is_own_vault_key(Node(address, KEY))) == []


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "http://acme.vault.azure.net/keys/data",
        "https://acme.vault.azure.net.example.com/keys/data",
        "https://acme.vault.azure.net/secrets/data",
        "https://acme.vault.azure.net/keys/",
        f"https://acme.vault.azure.net/keys/data/{'0a' * 15}",
        "https://vault.azure.net/keys/data",
        7,
    ],
)
def test_what_is_no_address_of_a_key_in_a_vault_is_found(address: object) -> None:
    assert list(is_own_vault_key(Node(address, KEY))) == [Node(address, KEY).finding(OWN_VAULT_KEY)]


@pytest.mark.parametrize("address", ["https://acme.vault.azure.net", "https://acme.managedhsm.azure.net:443/"])
def test_a_vault_is_named_by_its_address(address: str) -> None:
    assert list(is_own_vault(Node(address, KEY))) == []


@pytest.mark.parametrize(
    "address", [None, "", "acme", "https://acme.vault.azure.net/keys", "http://acme.vault.azure.net"]
)
def test_what_is_no_address_of_a_vault_is_found(address: object) -> None:
    assert list(is_own_vault(Node(address, KEY))) == [Node(address, KEY).finding(OWN_VAULT)]


@pytest.mark.parametrize("kind", ["Microsoft.Compute/diskEncryptionSets", "microsoft.compute/diskencryptionsets"])
def test_a_disk_encryption_set_is_named_by_its_id_in_any_case(kind: str) -> None:
    assert list(is_own_disk_key(Node(f"{GROUP}/providers/{kind}/acme", KEY))) == []


@pytest.mark.parametrize(
    "identifier",
    [
        None,
        "",
        "acme",
        f"{GROUP}/providers/Microsoft.Compute/disks/acme",
        f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/",
        f"{GROUP}/providers/Microsoft.Compute/diskEncryptionSets/acme/more",
        {},
    ],
)
def test_what_is_no_disk_encryption_set_is_found(identifier: object) -> None:
    assert list(is_own_disk_key(Node(identifier, KEY))) == [Node(identifier, KEY).finding(OWN_DISK_KEY)]


@pytest.mark.parametrize("judgement", [is_own_kms_key, is_own_vault, is_own_vault_key, is_own_disk_key])
def test_a_key_that_is_not_known_yet_is_nobodys(judgement: object) -> None:
    assert callable(judgement)
    assert list(judgement(Node(UNKNOWN, KEY))) == [Node(UNKNOWN, KEY).undecided]


def test_switch_and_key_are_both_asked_for() -> None:
    disk = Node({"on": False, "key": "alias/aws/ebs"})

    found = [str(each) for each in is_encrypted(disk, switch="on", key="key")]

    assert found == ["on: found false, expected true", f"key: found alias/aws/ebs, expected {OWN_KMS_KEY}"]
