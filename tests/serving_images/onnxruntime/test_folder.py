"""Which files of a repository are seen, and that nothing outside of it is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnxruntime_server.errors import RepositoryError
from onnxruntime_server.repository import folder as folder_module
from onnxruntime_server.repository.folder import Folder, external_path, refuse_code

LAYOUT = "expected <model>/<version>/model.onnx, with a version such as 1"


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def mount(path: Path, files: dict[str, bytes]) -> None:
    """A folder as Kubernetes mounts a ConfigMap: links into a folder that is exchanged as a whole."""
    for name, data in files.items():
        put(path / "..2026_01_01" / name, data)
    (path / "..data").symlink_to("..2026_01_01")
    for name in {name.split("/")[0] for name in files}:
        (path / name).symlink_to(Path("..data") / name)


def refused(folder: Folder, file: str) -> str:
    with pytest.raises(RepositoryError) as caught:
        folder.read(file)
    return str(caught.value)


def test_finds_models_and_orders_versions_as_numbers(tmp_path: Path) -> None:
    for name in ("b/10", "b/9", "a/1", ".hidden/1", "__pycache__/1", "a/notes", "a/01", "a/0"):
        put(tmp_path / name / "model.onnx")
    put(tmp_path / "README.md")
    folder = Folder.at(tmp_path)
    assert folder.models() == ("a", "b")
    assert (folder.versions("a"), folder.versions("b")) == (("1",), ("9", "10"))


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", f"no such folder; {LAYOUT}"), ("file", f"no folder; {LAYOUT}")]
)
def test_refuses_what_is_no_folder(tmp_path: Path, name: str, message: str) -> None:
    put(tmp_path / "file")
    with pytest.raises(RepositoryError) as caught:
        Folder.at(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_refuses_a_name_that_cannot_stand_in_a_url(tmp_path: Path) -> None:
    put(tmp_path / "my iris" / "1" / "model.onnx")
    with pytest.raises(RepositoryError, match=r"my iris: a model's name is made of letters, digits and \. _ -$"):
        Folder.at(tmp_path).versions("my iris")


def test_lists_and_reads_what_kubernetes_mounts(tmp_path: Path) -> None:
    mount(tmp_path / "iris", {"config.toml": b"c", "1/model.onnx": b"m", "1/parts/w.bin": b"w"})
    folder = Folder.at(tmp_path)
    assert folder.versions("iris") == ("1",)
    assert folder.files("iris") == ("iris/1/model.onnx", "iris/1/parts/w.bin", "iris/config.toml")
    assert [folder.read(file) for file in folder.files("iris")] == [b"m", b"w", b"c"]


def test_a_root_that_is_a_link_is_read(tmp_path: Path) -> None:
    put(tmp_path / "real" / "iris" / "1" / "model.onnx", b"m")
    (tmp_path / "link").symlink_to("real")
    assert Folder.at(tmp_path / "link").read("iris/1/model.onnx") == b"m"


def test_refuses_links_that_lead_out_whatever_part_of_the_path_they_are(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret" / "1" / "model.onnx", b"secret")
    root = tmp_path / "models"
    (root / "file" / "1").mkdir(parents=True)
    (root / "file" / "1" / "model.onnx").symlink_to(secret)
    (root / "relative" / "1").mkdir(parents=True)
    (root / "relative" / "1" / "model.onnx").symlink_to("../../../secret/1/model.onnx")
    (root / "model").symlink_to(tmp_path / "secret")
    (root / "chain").symlink_to("model")
    (root / "version").mkdir()
    (root / "version" / "1").symlink_to(tmp_path / "secret" / "1")
    folder = Folder.at(root)
    for name in ("file", "relative", "model", "chain", "version"):
        assert refused(folder, f"{name}/1/model.onnx") == f"{root}/{name}/1/model.onnx: leads out of {root}"


def test_refuses_a_folder_beside_it_whose_name_begins_alike(tmp_path: Path) -> None:
    put(tmp_path / "models-of-others" / "m", b"secret")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m").symlink_to(tmp_path / "models-of-others" / "m")
    assert refused(Folder.at(tmp_path / "models"), "m") == f"{tmp_path}/models/m: leads out of {tmp_path}/models"


def test_refuses_pipes_folders_loops_and_what_is_not_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "broken").symlink_to("nothing")
    folder = Folder.at(tmp_path)
    assert refused(folder, "pipe") == f"{tmp_path}/pipe: is no plain file"
    assert refused(folder, "folder") == f"{tmp_path}/folder: is no plain file"
    assert refused(folder, "loop") == f"{tmp_path}/loop: can't be read: Too many levels of symbolic links"
    assert refused(folder, "broken") == f"{tmp_path}/broken: no such file"
    assert folder.has("broken")
    assert not folder.has("nothing")


def test_bounds_sizes_numbers_and_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "iris" / "1" / "a" / "b" / "c", b"12345")
    put(tmp_path / "iris" / "2" / "a")
    put(tmp_path / "rose" / "1" / "a")
    folder = Folder.at(tmp_path)
    assert folder.read("iris/1/a/b/c", 5) == b"12345"
    with pytest.raises(RepositoryError, match=r"c: has 5 bytes; expected 4 at most$"):
        folder.read("iris/1/a/b/c", 4)
    monkeypatch.setattr(folder_module, "MOST_MODELS", 1)
    with pytest.raises(RepositoryError, match=r": has 2 models; expected 1 at most$"):
        folder.models()
    monkeypatch.setattr(folder_module, "MOST_VERSIONS", 1)
    with pytest.raises(RepositoryError, match=r"iris: has 2 versions; expected 1 at most$"):
        folder.versions("iris")
    monkeypatch.setattr(folder_module, "DEEPEST", 1)
    with pytest.raises(RepositoryError, match=r"iris/1/a/b: its folders are nested more than 1 deep$"):
        folder.files("iris/1")
    monkeypatch.setattr(folder_module, "MOST_FILES", 0)
    with pytest.raises(RepositoryError, match=r"rose/1: has more than 0 files$"):
        folder.files("rose/1")


def test_a_fingerprint_changes_with_content_time_and_replacement(tmp_path: Path) -> None:
    file = put(tmp_path / "a", b"1")
    folder = Folder.at(tmp_path)
    seen = [folder.fingerprint(("a",))]
    assert folder.fingerprint(("a",)) == seen[0]
    os.utime(file, ns=(1, 1))
    seen.append(folder.fingerprint(("a",)))
    put(tmp_path / "b", b"1").replace(file)
    os.utime(file, ns=(1, 1))
    seen.append(folder.fingerprint(("a",)))
    file.unlink()
    seen.append(folder.fingerprint(("a",)))
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize(
    ("location", "path"), [("w.bin", "iris/1/w.bin"), ("./w.bin", "iris/1/w.bin"), ("a/b", "iris/1/a/b")]
)
def test_external_data_lies_below_the_version(location: str, path: str) -> None:
    assert external_path("iris/1", location) == path


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("../w.bin", "its external data '../w.bin' leaves the model's folder"),
        ("a/../../w.bin", "its external data 'a/../../w.bin' leaves the model's folder"),
        ("/etc/passwd", "its external data '/etc/passwd' leaves the model's folder"),
        ("", "its external data '' is no path; expected one below the model's folder"),
        ("a\0", r"its external data 'a\x00' is no path; expected one below the model's folder"),
        ("..\\w", r"its external data '..\\w' is no path; expected one below the model's folder"),
    ],
)
def test_external_data_that_leaves_the_folder_is_refused(location: str, message: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        external_path("iris/1", location)
    assert str(caught.value) == message


@given(st.text(alphabet="./\\ab\0", max_size=12))
def test_no_location_leads_out(location: str) -> None:
    try:
        path = external_path("iris/1", location)
    except RepositoryError:
        return
    assert os.path.normpath(path).startswith("iris/1")


@pytest.mark.parametrize("name", ["ops.so", "libops.so.1.2", "OPS.DLL", "ops.dylib"])
def test_libraries_of_custom_operators_are_refused(name: str) -> None:
    refuse_code(("iris/1/model.onnx", "iris/1/w.sox"))
    with pytest.raises(RepositoryError, match=rf"^iris/1/{name}: libraries of custom operators are not loaded$"):
        refuse_code((f"iris/1/{name}",))
