"""Day two, 3: a key gets new material. Whoever uses the key names it without a version, so nothing is made anew."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.day_two.conftest import AWS, AZURE, SiteOf, on_aws, on_azure

AZURE_KEY, AWS_KEY = "azure-native:keyvault:Key", "aws:kms/key:Key"
VERSION = re.compile(r"(/keys/[^/]+/)[0-9a-f]{32}")
NEW = "f" * 32


def rotated(entry: dict[str, Any]) -> None:
    """What the vault says of a key after it was rotated: the same key, another version."""
    if entry["type"] == AZURE_KEY:
        outputs = entry["outputs"]
        outputs["keyUriWithVersion"] = VERSION.sub(rf"\g<1>{NEW}", outputs["keyUriWithVersion"])


@on_azure
def test_a_new_version_of_every_key_replaces_nothing(site: SiteOf) -> None:
    where = site(AZURE)
    where.rewrite(AZURE, rotated)

    change = where.change(AZURE, lambda _file: None)

    assert {*change.done} <= {"update"}
    assert (change.losses, change.harmed) == ([], [])


@pytest.mark.parametrize(
    ("stack", "key"), [pytest.param(AWS, AWS_KEY, marks=on_aws), pytest.param(AZURE, AZURE_KEY, marks=on_azure)]
)
def test_every_key_rotates_by_itself_and_is_named_without_a_version(site: SiteOf, stack: str, key: str) -> None:
    plan = site(stack).plans[stack]

    keys = plan.typed(key)
    assert len(keys) >= 7
    assert [each.name for each in keys if not _rotates(each.inputs)] == []
    assert [each.name for each in keys if not each.protect] == []


def _rotates(inputs: Any) -> bool:  # noqa: ANN401 - JSON
    if "enableKeyRotation" in inputs:
        return inputs["enableKeyRotation"] is True and inputs["rotationPeriodInDays"] <= 365
    actions = inputs["properties"]["rotationPolicy"]["lifetimeActions"]
    return "rotate" in [action["action"]["type"] for action in actions]


@pytest.mark.parametrize("stack", [pytest.param(AWS, marks=on_aws), pytest.param(AZURE, marks=on_azure)])
def test_looking_again_without_a_change_finds_nothing_to_do(site: SiteOf, stack: str) -> None:
    change = site(stack).change(stack, lambda _file: None)

    assert change.done == {}
