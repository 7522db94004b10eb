"""Starts that fail, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from onnxruntime_server.repository import seal
from onnxruntime_server.repository.folder import Folder

from tests.serving_images import models
from tests.serving_images.triton.process import Triton

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("triton")]


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, str]:
    folder = tmp_path / "models"
    models.save(models.addition(), folder, "addition")
    return folder, seal.seal(Folder.at(folder), ("addition",), "", None)


@pytest.fixture
def started(site: Path, sealed: tuple[Path, str], tmp_path: Path) -> Iterator[Triton]:
    process = Triton(site, sealed[0], tmp_path, "--manifest-digest", sealed[1])
    yield process
    process.close()


def test_a_sealed_model_is_served_and_sigterm_ends_it_leaving_no_shared_memory(started: Triton) -> None:
    started.wait_until_ready()
    shared = started.shared_memory()
    assert shared
    assert all(path.exists() for path in shared)

    assert started.terminate() == 0
    assert [path for path in shared if path.exists()] == []


def test_a_changed_model_is_never_loaded(site: Path, sealed: tuple[Path, str], tmp_path: Path) -> None:
    folder, digest = sealed
    file = folder / "addition" / "1" / "model.onnx"
    file.write_bytes(file.read_bytes() + b"\0")

    process = Triton(site, folder, tmp_path, "--manifest-digest", digest)

    assert process.wait() == 2
    assert process.log().startswith(f"triton_server: {file}: was changed: it has sha256:")


def test_a_configuration_that_is_not_the_models_stops_the_start_with_the_reason(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    models.save(models.addition(), folder, "addition")
    configuration = 'max_batch_size: 4 input { name: "z" data_type: TYPE_FP32 dims: 2 }'
    (folder / "addition" / "config.pbtxt").write_text(configuration)

    process = Triton(site, folder, tmp_path)

    assert process.wait() != 0
    assert "input 'z' is none of the model's: a, b" in process.log()
