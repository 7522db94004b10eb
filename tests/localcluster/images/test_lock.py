from __future__ import annotations

from pathlib import Path

import pytest

from falaj.errors import ImageError
from falaj.localcluster.images import Lock, LockedImage

IRIS = LockedImage(digest=f"sha256:{'a' * 64}", archive=Path("/cache/iris.tar"))
LOCK = Lock({"falaj.local/models/iris": IRIS})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    LOCK.write(tmp_path / "new" / "images.json")

    assert Lock.read(tmp_path / "new" / "images.json") == LOCK


def test_a_reference_is_name_and_digest() -> None:
    assert LOCK.reference("falaj.local/models/iris") == f"falaj.local/models/iris@sha256:{'a' * 64}"


def test_an_image_that_was_not_built_is_refused_with_those_that_were() -> None:
    with pytest.raises(ImageError) as refused:
        LOCK.find("falaj.local/models/irsi")

    assert str(refused.value) == (
        "FAL-IMG-005  image falaj.local/models/irsi\n"
        "  No image of that name is in the lock; there are: falaj.local/models/iris.\n"
        "  Next: run: falaj images build"
    )


def test_a_missing_lock_is_refused_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as refused:
        Lock.read(tmp_path / "images.json")

    assert str(refused.value) == (
        f"FAL-IMG-006  {tmp_path}/images.json\n  There is no image lock.\n  Next: run: falaj images build"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "the file: Invalid JSON: EOF while parsing an object at line 1 column 1."),
        ('{"a": {"digest": "sha256:1", "archive": "/a"}}', "a.digest: String should match pattern"),
        ('{"a": {"archive": "/a"}}', "a.digest: Field required."),
    ],
)
def test_a_damaged_lock_is_refused_with_the_place(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "images.json").write_text(content)

    with pytest.raises(ImageError) as refused:
        Lock.read(tmp_path / "images.json")

    assert refused.value.code == "FAL-IMG-007"
    assert refused.value.message.startswith(message)
