"""Which folders are served and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import TensorProto
from onnxruntime_server.engine.repository import Repository, scan
from onnxruntime_server.errors import NotFoundError, RepositoryError, UnavailableError

from tests.serving_images import models

LAYOUT = "expected <model>/<version>/model.onnx, with a version such as 1"


def test_finds_models_and_orders_versions_as_numbers(tmp_path: Path) -> None:
    for name, version in (("b", "10"), ("b", "9"), ("a", "1")):
        models.save(models.addition(), tmp_path, name, version)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "a" / "notes").mkdir()
    (tmp_path / "README.md").write_text("")
    assert [(file.name, file.version) for file in scan(tmp_path)] == [("a", "1"), ("b", "9"), ("b", "10")]


def test_refuses_folders_without_a_model(tmp_path: Path) -> None:
    for path, message in (
        (tmp_path / "nowhere", f"{tmp_path}/nowhere: no such folder; {LAYOUT}"),
        (tmp_path, f"{tmp_path}: no model in it; {LAYOUT}"),
    ):
        with pytest.raises(RepositoryError) as caught:
            scan(path)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("folder", "at", "message"),
    [
        ("iris", "iris", f"no version in it; {LAYOUT}"),
        ("iris/v1", "iris", f"no version in it; {LAYOUT}"),
        ("iris/01", "iris", f"no version in it; {LAYOUT}"),
        ("iris/1", "iris/1/model.onnx", f"no such file; {LAYOUT}"),
        ("my iris/1", "my iris", "a model's name is made of letters, digits and . _ -"),
    ],
)
def test_refuses_another_layout(tmp_path: Path, folder: str, at: str, message: str) -> None:
    (tmp_path / folder).mkdir(parents=True)
    with pytest.raises(RepositoryError) as caught:
        scan(tmp_path)
    assert str(caught.value) == f"{tmp_path}/{at}: {message}"


def test_is_unavailable_until_all_is_loaded_and_then_serves_the_newest(tmp_path: Path) -> None:
    for version in ("9", "10"):
        models.save(models.addition(), tmp_path, "addition", version)
    repository = Repository(scan(tmp_path))
    assert not repository.ready
    with pytest.raises(UnavailableError, match=r"^model 'addition' is still loading$"):
        repository.model("addition", None)
    repository.load(threads=1)
    assert repository.metadata("addition", None).versions == ("9", "10")
    assert repository.model("addition", None).version == "10"
    assert repository.model("addition", "9").version == "9"
    with pytest.raises(NotFoundError, match=r"^model 'addition' has no version '1'; it has 9, 10$"):
        repository.model("addition", "1")
    with pytest.raises(NotFoundError, match=r"^no model 'other'; this server has 'addition'$"):
        repository.model("other", None)


def test_refuses_a_file_that_is_no_model(tmp_path: Path) -> None:
    file = models.save(models.addition(), tmp_path, "broken")
    file.write_bytes(b"not a model")
    with pytest.raises(RepositoryError) as caught:
        Repository(scan(tmp_path)).load(threads=1)
    assert str(caught.value).startswith(f"{file}: onnxruntime can't load it: ")


def test_refuses_a_signature_that_the_protocol_cannot_carry(tmp_path: Path) -> None:
    file = models.save(models.sequence(), tmp_path, "sequence")
    with pytest.raises(RepositoryError) as caught:
        Repository(scan(tmp_path)).load(threads=1)
    assert str(caught.value) == f"{file}: output 'y' has type seq(tensor(float)), which the protocol can't carry"


def test_refuses_datatypes_outside_the_protocol(tmp_path: Path) -> None:
    file = models.save(models.identity(TensorProto.BFLOAT16, [1]), tmp_path, "brain")
    with pytest.raises(RepositoryError) as caught:
        Repository(scan(tmp_path)).load(threads=1)
    assert str(caught.value) == f"{file}: input 'x' has type tensor(bfloat16), which the protocol can't carry"


def test_serves_a_model_that_refuses_zeros(tmp_path: Path) -> None:
    models.save(models.reshape(), tmp_path, "reshape")
    repository = Repository(scan(tmp_path))
    repository.load(threads=1)
    assert repository.ready
