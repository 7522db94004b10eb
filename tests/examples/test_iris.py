"""The tabular model: its card is true, training gives it again, and the server answers what onnxruntime answers."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import yaml

from examples.models.iris.train import VERSIONS, Version, flowers, train
from tests.serving_images.process import ServerProcess

ROOT = Path(__file__).parents[2]
REQUEST: dict[str, Any] = json.loads((ROOT / "examples" / "requests" / "iris.json").read_text())
VERSION = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: f"version {version.number}")


def card(version: Version) -> dict[str, Any]:
    text: dict[str, Any] = yaml.safe_load(version.card.read_text())
    return text


def run(model: bytes, measurements: npt.NDArray[np.float32]) -> tuple[list[str], npt.NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    label, probabilities = session.run(["label", "probabilities"], {"measurements": measurements})
    return label.tolist(), probabilities


@VERSION
def test_the_card_names_the_file_beside_it(version: Version) -> None:
    digest = hashlib.sha256(version.model.read_bytes()).hexdigest()
    assert card(version)["digest"] == f"sha256:{digest}"
    assert card(version)["version"] == version.number


@VERSION
def test_training_again_gives_the_same_model(version: Version) -> None:
    """To the predictions: another release of a library may write other bytes for the same model."""
    again = train(version)
    measurements, _ = flowers()
    labels, probabilities = run(version.model.read_bytes(), measurements)
    labels_again, probabilities_again = run(again.onnx, measurements)
    assert labels_again == labels
    np.testing.assert_allclose(probabilities_again, probabilities, rtol=1e-4, atol=1e-6)
    assert {**again.card, "digest": None} == {**card(version), "digest": None}


@VERSION
def test_the_card_tells_the_truth_about_the_signature(version: Version) -> None:
    session = onnxruntime.InferenceSession(version.model, providers=["CPUExecutionProvider"])
    names = {"tensor(float)": "FP32", "tensor(string)": "BYTES"}
    for key, tensors in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        told = [(entry["name"], entry["datatype"], entry["shape"]) for entry in card(version)[key]]
        shapes = [[size if isinstance(size, int) else -1 for size in tensor.shape] for tensor in tensors]
        found = [(tensor.name, names[tensor.type], shape) for tensor, shape in zip(tensors, shapes, strict=True)]
        assert told == found


def test_the_versions_can_be_told_apart_by_their_answers() -> None:
    measurements = np.array(REQUEST["inputs"][0]["data"], dtype=np.float32)
    (labels, first), (labels_next, second) = (run(version.model.read_bytes(), measurements) for version in VERSIONS)
    assert labels == labels_next == ["setosa", "versicolor", "virginica"]
    assert np.abs(first - second).max() > 0.05


@VERSION
def test_the_image_holds_the_model_where_the_server_looks(version: Version) -> None:
    description = tomllib.loads((version.folder / "image.toml").read_text())
    assert description["name"] == f"falaj.local/models/{version.folder.name}"
    (pattern,) = description["inputs"]
    assert list(version.folder.glob(pattern)) == [version.model]
    assert (version.folder / "Containerfile").read_text() == "FROM scratch\nCOPY iris /iris\n"
    assert version.model.relative_to(version.folder) == Path("iris") / str(version.number) / "model.onnx"


def test_the_server_answers_what_onnxruntime_answers(tmp_path: Path) -> None:
    for version in VERSIONS:
        shutil.copytree(version.folder / "iris", tmp_path / "iris", dirs_exist_ok=True)
    server = ServerProcess(tmp_path, "--drain-seconds", "0")
    measurements = np.array(REQUEST["inputs"][0]["data"], dtype=np.float32)
    with server.client() as client:
        for version in VERSIONS:
            answer = client.post(f"/v2/models/iris/versions/{version.number}/infer", json=REQUEST).json()
            assert (answer["model_version"], answer["id"]) == (str(version.number), "three-flowers")
            label, probabilities = answer["outputs"]
            expected_label, expected_probabilities = run(version.model.read_bytes(), measurements)
            assert label == {"name": "label", "datatype": "BYTES", "shape": [3], "data": expected_label}
            assert probabilities["shape"] == [3, 3]
            assert np.array(probabilities["data"], np.float32).tobytes() == expected_probabilities.tobytes()
    server.close()
