"""Copying against a real registry: skopeo and docker-registry as Debian has them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from falaj.errors import FalajError, ImageError
from falaj.mirror import Image, Skopeo, Status, copy_all
from tests.mirror.archives import INDEX, MANIFEST, write_archive
from tests.mirror.registry import Registry, credentials_for, serve


class Interrupted(Skopeo):
    """Stops at the second image, as a user would with Ctrl-C."""

    def copy(self, source: str, destination: str) -> None:
        if "second" in destination:
            raise KeyboardInterrupt
        super().copy(source, destination)


def image(folder: Path, registry: Registry, name: str, *, architectures: tuple[str, ...] = ("amd64",)) -> Image:
    archive = folder / f"{name}.tar"
    digest = write_archive(archive, f"{folder.name} {name}", architectures=architectures)
    return Image(f"falaj.local/{name}", digest, f"oci-archive:{archive}", f"{registry.host}/{folder.name}/{name}")


def statuses(images: list[Image], skopeo: Skopeo | None = None, *, dry_run: bool = False) -> list[Status]:
    return [outcome.status for outcome in copy_all(images, skopeo or Skopeo(), dry_run=dry_run)]


def refusal(images: list[Image], skopeo: Skopeo | None = None) -> FalajError:
    with pytest.raises(FalajError) as raised:
        statuses(images, skopeo)
    return raised.value


def test_an_image_is_served_under_its_digest_bit_by_bit(registry: Registry, tmp_path: Path) -> None:
    first = image(tmp_path, registry, "first")

    assert statuses([first]) == [Status.COPIED]

    served = registry.get(f"{tmp_path.name}/first/manifests/{first.digest}", MANIFEST)
    assert f"sha256:{hashlib.sha256(served).hexdigest()}" == first.digest
    layer = json.loads(served)["layers"][0]["digest"]
    blob = registry.get(f"{tmp_path.name}/first/blobs/{layer}", "*/*")
    assert f"sha256:{hashlib.sha256(blob).hexdigest()}" == layer


def test_every_platform_of_a_list_is_copied_and_the_list_keeps_its_digest(registry: Registry, tmp_path: Path) -> None:
    both = image(tmp_path, registry, "both", architectures=("amd64", "arm64"))

    assert statuses([both]) == [Status.COPIED]

    listed = json.loads(registry.get(f"{tmp_path.name}/both/manifests/{both.digest}", INDEX))["manifests"]
    assert [each["platform"]["architecture"] for each in listed] == ["amd64", "arm64"]
    for each in listed:
        assert registry.get(f"{tmp_path.name}/both/manifests/{each['digest']}", MANIFEST)


def test_it_carries_a_tag_of_its_own_so_that_no_cleaning_takes_it(registry: Registry, tmp_path: Path) -> None:
    first = image(tmp_path, registry, "first")
    statuses([first])

    tags = json.loads(registry.get(f"{tmp_path.name}/first/tags/list", "*/*"))["tags"]

    assert tags == [f"mirrored-{first.digest.removeprefix('sha256:')}"]


def test_a_second_run_copies_nothing(registry: Registry, tmp_path: Path) -> None:
    images = [image(tmp_path, registry, name) for name in ("first", "second")]

    assert statuses(images) == [Status.COPIED, Status.COPIED]
    assert statuses(images) == [Status.PRESENT, Status.PRESENT]


def test_a_dry_run_says_what_is_missing_and_copies_nothing(registry: Registry, tmp_path: Path) -> None:
    images = [image(tmp_path, registry, name) for name in ("first", "second")]
    statuses(images[:1])

    assert statuses(images, dry_run=True) == [Status.PRESENT, Status.MISSING]
    assert not registry.manifests(f"{tmp_path.name}/second").exists()


def test_an_interrupted_run_goes_on_where_it_stopped(registry: Registry, tmp_path: Path) -> None:
    images = [image(tmp_path, registry, name) for name in ("first", "second", "third")]
    with pytest.raises(KeyboardInterrupt):
        statuses(images, Interrupted())

    assert statuses(images) == [Status.PRESENT, Status.COPIED, Status.COPIED]


def test_an_image_whose_layers_arrived_without_its_manifest_is_finished(registry: Registry, tmp_path: Path) -> None:
    first = image(tmp_path, registry, "first")
    statuses([first])
    shutil.rmtree(registry.manifests(f"{tmp_path.name}/first"))

    assert statuses([first]) == [Status.COPIED]
    assert statuses([first]) == [Status.PRESENT]


def test_a_registry_that_lost_the_copy_is_found_out(registry: Registry, tmp_path: Path) -> None:
    class Forgetful(Skopeo):
        def copy(self, source: str, destination: str) -> None:
            super().copy(source, destination)
            shutil.rmtree(registry.manifests(f"{tmp_path.name}/first"))

    first = image(tmp_path, registry, "first")
    refused = refusal([first], Forgetful())

    assert (refused.code, refused.where) == ("FAL-MIR-011", first.reference)
    assert refused.message == "It was copied, and reads back as nothing."


def test_a_tag_that_holds_another_image_is_refused(registry: Registry, tmp_path: Path) -> None:
    first, other = image(tmp_path, registry, "first"), image(tmp_path, registry, "other")
    Skopeo().copy(other.source, f"docker://{first.tagged}")

    refused = refusal([first])

    assert (refused.code, refused.where) == ("FAL-MIR-010", first.tagged)
    assert refused.message == f"The tag holds {other.digest}: somebody else wrote it."


def test_an_archive_that_was_built_anew_is_refused_before_it_takes_the_tag(registry: Registry, tmp_path: Path) -> None:
    first = image(tmp_path, registry, "first")
    archive = tmp_path / "first.tar"
    now = write_archive(archive, "something newer")

    refused = refusal([first])

    assert refused.code == "FAL-MIR-009"
    assert refused.message == f"oci-archive:{archive} holds {now}, not {first.digest}."
    assert refused.hint == "run: falaj images build"
    assert not registry.manifests(f"{tmp_path.name}/first").exists()


def test_an_archive_that_is_gone_is_refused(registry: Registry, tmp_path: Path) -> None:
    first = image(tmp_path, registry, "first")
    (tmp_path / "first.tar").unlink()

    refused = refusal([first])

    assert str(refused) == (
        "FAL-MIR-008  image falaj.local/first\n"
        f"  Its archive {tmp_path / 'first.tar'} is gone.\n"
        "  Next: run: falaj images build"
    )


def test_an_image_of_another_registry_is_copied_from_there(registry: Registry, tmp_path: Path) -> None:
    upstream = image(tmp_path, registry, "upstream")
    statuses([upstream])
    mirrored = Image(
        f"{registry.host}/{tmp_path.name}/upstream",
        upstream.digest,
        f"docker://{upstream.reference}",
        f"{registry.host}/{tmp_path.name}/mirrored",
    )

    assert statuses([mirrored]) == [Status.COPIED]
    assert registry.get(f"{tmp_path.name}/mirrored/manifests/{upstream.digest}", MANIFEST)


def test_an_image_that_another_registry_has_not_is_refused(registry: Registry, tmp_path: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    source = f"docker://{registry.host}/{tmp_path.name}/nothing@{digest}"

    refused = refusal([Image("nothing", digest, source, f"{registry.host}/{tmp_path.name}/mirrored")])

    assert (refused.code, refused.hint) == ("FAL-MIR-009", "correct its digest")
    assert refused.message == f"{source} holds nothing, not {digest}."


def test_credentials_open_a_registry_that_asks_for_them(tmp_path: Path) -> None:
    with serve(tmp_path / "closed", password=True) as closed:
        first = image(tmp_path, closed, "first")

        refused = refusal([first], Skopeo(credentials_for(closed, tmp_path / "wrong.json", "guess")))
        assert isinstance(refused, ImageError)
        assert (refused.code, refused.where) == ("FAL-MIR-005", closed.host)

        right = Skopeo(credentials_for(closed, tmp_path / "right.json"))
        assert statuses([first], right) == [Status.COPIED]
        assert statuses([first], right) == [Status.PRESENT]


def test_progress_counts_what_is_done(registry: Registry, tmp_path: Path) -> None:
    images = [image(tmp_path, registry, name) for name in ("first", "second")]
    told: list[tuple[str, int, int]] = []

    list(copy_all(images, Skopeo(), progress=lambda *step: told.append(step)))

    assert told == [("falaj.local/first", 0, 2), ("falaj.local/second", 1, 2)]
