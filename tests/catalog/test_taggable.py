from __future__ import annotations

import pytest

from falaj.catalog.files import data_folder
from falaj.catalog.taggable import taggable, takes_tags
from falaj.standin.sdk import sdk
from falaj.standin.taggable import CLOUDS, written


def test_the_list_is_that_of_the_installed_sdks() -> None:
    assert {package: row.version for package, row in taggable().items()} == {
        package: sdk(package).version for package in CLOUDS
    }


@pytest.mark.slow
def test_every_type_that_takes_tags_is_listed_and_no_other() -> None:
    kept = data_folder().joinpath("taggable.yaml").read_text(encoding="utf-8")

    assert _undated(written()) == _undated(kept), "run `python -m falaj.standin.taggable` and keep what it prints"


def _undated(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.strip().startswith("reviewed:")]


@pytest.mark.parametrize(
    ("token", "taken"),
    [
        ("aws:s3/bucket:Bucket", True),
        ("aws:s3/bucketPolicy:BucketPolicy", False),
        ("aws:autoscaling/group:Group", False),
        ("azure-native:storage:StorageAccount", True),
        ("azure-native:storage:BlobContainer", False),
        ("azure-native:consumption:Budget", False),
        ("kubernetes:core/v1:Namespace", False),
        ("aws", False),
    ],
)
def test_a_type_takes_tags_or_does_not(token: str, taken: bool) -> None:
    assert takes_tags(token) is taken
