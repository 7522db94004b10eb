from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from falaj.errors import ImageError
from falaj.localcluster import images
from falaj.localcluster.images import buildah, builder, read
from falaj.localcluster.images.description import ImageFolder
from falaj.localcluster.images.lock import LockedImage
from falaj.localcluster.progress import Silent


@pytest.fixture(autouse=True)
def baked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Names of the images that buildah would have built, in order; their digest is that of their context."""
    names: list[str] = []

    def bake(folder: ImageFolder, base: LockedImage | None, work: Path, archive: Path) -> None:
        names.append(folder.description.name)
        digest = f"sha256:{len(names):064x}"
        content = json.dumps({"manifests": [{"digest": digest}]}).encode()
        entry = tarfile.TarInfo("index.json")
        entry.size = len(content)
        with tarfile.open(archive, "w") as tar:
            tar.addfile(entry, io.BytesIO(content))
        files = sorted(str(path.relative_to(work / "context")) for path in (work / "context").rglob("*.*"))
        archive.with_suffix(".context").write_text(f"{base.digest if base else None} {files}")

    monkeypatch.setattr(buildah, "build", bake)
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "cache"))
    return names


def folder(parent: Path, name: str, **settings: str) -> Path:
    path = parent / name
    path.mkdir(parents=True, exist_ok=True)
    lines = [f'name = "falaj.local/{name}"', *(f"{key} = {value}" for key, value in settings.items())]
    (path / "image.toml").write_text("\n".join(lines))
    (path / "Containerfile").write_text("FROM scratch\n")
    return path


def test_a_base_is_built_before_what_stands_on_it(tmp_path: Path, baked: list[str]) -> None:
    upper = folder(tmp_path, "a-server", base='"falaj.local/z-base"')
    lower = folder(tmp_path, "z-base")

    lock = images.build([upper, lower], tmp_path / "images.json")

    assert baked == ["falaj.local/z-base", "falaj.local/a-server"]
    context = lock.find("falaj.local/a-server").archive.with_suffix(".context").read_text()
    assert context.startswith(f"sha256:{1:064x}")


def test_what_is_built_is_not_built_again(tmp_path: Path, baked: list[str]) -> None:
    image = folder(tmp_path, "server")
    first = images.build([image], tmp_path / "images.json")

    assert images.build([image], tmp_path / "images.json") == first
    assert baked == ["falaj.local/server"]


@pytest.mark.parametrize("change", ["Containerfile", "model.onnx", "stage"])
def test_a_change_of_anything_that_goes_in_builds_again(tmp_path: Path, baked: list[str], change: str) -> None:
    image = folder(tmp_path, "server", inputs='["*.onnx"]')
    (image / "model.onnx").write_text("one")
    images.build([image], tmp_path / "images.json")

    (image / change).write_text("#!/bin/sh\n# changed\n")
    (image / change).chmod(0o755)
    images.build([image], tmp_path / "images.json")

    assert len(baked) == 2


def test_a_change_of_what_does_not_go_in_builds_nothing(tmp_path: Path, baked: list[str]) -> None:
    image = folder(tmp_path, "server")
    images.build([image], tmp_path / "images.json")

    (image / "README.md").write_text("words")
    image.rename(tmp_path / "moved")
    images.build([tmp_path / "moved"], tmp_path / "images.json")

    assert len(baked) == 1


def test_the_stage_script_fills_the_context_beyond_the_inputs(tmp_path: Path) -> None:
    image = folder(tmp_path, "server", inputs='["model/*.onnx"]')
    (image / "model").mkdir()
    (image / "model" / "1.onnx").touch()
    (image / "stage").write_text('#!/bin/sh\necho "$FALAJ_CACHE" > "$1/staged.txt"\n')
    (image / "stage").chmod(0o755)

    lock = images.build([image], tmp_path / "images.json")

    context = lock.find("falaj.local/server").archive.with_suffix(".context").read_text()
    assert context == "None ['model/1.onnx', 'staged.txt']"


def test_a_stage_script_that_fails_shows_what_it_said(tmp_path: Path) -> None:
    image = folder(tmp_path, "server")
    (image / "stage").write_text("#!/bin/sh\necho no wheel for this platform >&2\nexit 3\n")
    (image / "stage").chmod(0o755)

    with pytest.raises(ImageError) as refused:
        images.build([image], tmp_path / "images.json")

    assert str(refused.value) == (
        f"FAL-IMG-013  {image}/stage\n"
        "  It ended with status 3:\n"
        "  no wheel for this platform\n"
        "  Next: mend that script or what it misses, then run the same command again"
    )


def test_only_the_images_asked_for_are_built_and_the_others_stay_in_the_lock(tmp_path: Path, baked: list[str]) -> None:
    folders = [folder(tmp_path, "one"), folder(tmp_path, "two")]
    images.build(folders, tmp_path / "images.json", names=["falaj.local/one"])
    lock = images.build(folders, tmp_path / "images.json", names=["falaj.local/two"])

    assert baked == ["falaj.local/one", "falaj.local/two"]
    assert set(lock.images) == {"falaj.local/one", "falaj.local/two"}


def test_an_image_on_demand_is_built_when_asked_for_only(tmp_path: Path, baked: list[str]) -> None:
    rare = folder(tmp_path, "rare", on_demand="true")

    assert images.build([rare], tmp_path / "images.json").images == {}
    images.build([rare], tmp_path / "images.json", names=["falaj.local/rare"])
    assert baked == ["falaj.local/rare"]


def test_an_archive_that_is_gone_leaves_the_lock(tmp_path: Path) -> None:
    image = folder(tmp_path, "one")
    images.build([image], tmp_path / "images.json").find("falaj.local/one").archive.unlink()

    assert images.build([], tmp_path / "images.json").images == {}


def test_a_platform_base_needs_no_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "PLATFORM_FOLDERS", tmp_path / "platform")
    folder(tmp_path / "platform", "base")
    upper = folder(tmp_path, "server", base='"falaj.local/base"')

    assert set(images.bake((read(upper),), Silent())) == {"falaj.local/base", "falaj.local/server"}


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({"base": '"falaj.local/nowhere"'}, "FAL-IMG-010", "base: no image folder makes falaj.local/nowhere."),
        ({"base": '"falaj.local/server"'}, "FAL-IMG-009", "Its base stands on itself: falaj.local/server -> "),
        ({"inputs": '["*.onnx"]'}, "FAL-IMG-012", "inputs: *.onnx names no file."),
        ({"binaries": '["etcd"]'}, "FAL-IMG-011", "binaries: there is no Go module etcd; there are: pause, "),
        ({"packages": '["no-such-thing"]'}, "FAL-IMG-021", "packages: no-such-thing is not installed."),
    ],
)
def test_what_can_not_be_is_refused(tmp_path: Path, settings: dict[str, str], code: str, message: str) -> None:
    image = folder(tmp_path, "server", **settings)

    with pytest.raises(ImageError) as refused:
        images.build([image], tmp_path / "images.json")

    assert refused.value.code == code
    assert refused.value.message.startswith(message)
    assert refused.value.where == f"{image}/image.toml"


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    twins = [folder(tmp_path / "left", "twin"), folder(tmp_path / "right", "twin")]

    with pytest.raises(ImageError, match=f"{twins[0]} has the same name, falaj.local/twin"):
        images.build(twins, tmp_path / "images.json")


def test_a_name_that_no_folder_makes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as refused:
        images.build([folder(tmp_path, "one")], tmp_path / "images.json", names=["falaj.local/two"])

    assert str(refused.value) == (
        "FAL-IMG-020  image falaj.local/two\n"
        "  No image folder makes it; there are: falaj.local/one.\n"
        "  Next: choose one of these"
    )
