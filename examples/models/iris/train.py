"""Trains the iris classifier in two versions and writes each one's model and card.

``python -m examples.models.iris.train`` overwrites ``iris/1/model.onnx`` here, ``iris/2/model.onnx`` in the image
folder ``iris-next`` beside it, and both cards. The same library versions give the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnx
import yaml
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    import numpy.typing as npt

_MODELS: Final = Path(__file__).parents[1]
_OPSET: Final = 17
_SEED: Final = 20


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the model: how it is trained and where it lies."""

    number: int
    """The version folder's name."""

    folder: Path
    """The image folder."""

    regularisation: float
    """Inverse strength of the penalty on large weights."""

    @property
    def model(self) -> Path:
        """The ONNX file, where the server expects it below the image's root."""
        return self.folder / "iris" / str(self.number) / "model.onnx"

    @property
    def card(self) -> Path:
        """The model card."""
        return self.folder / "card.yaml"


VERSIONS: Final = (
    Version(number=1, folder=_MODELS / "iris", regularisation=1.0),
    Version(number=2, folder=_MODELS / "iris-next", regularisation=100.0),
)
"""What is trained: the second version is surer of itself, so that a rollout can be seen in its answers."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained version."""

    onnx: bytes
    """The model file."""

    card: dict[str, Any]
    """Its card."""


def flowers() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.str_]]:
    """The measurements in centimetres and the species of all 150 flowers."""
    data = load_iris()
    return data.data.astype(np.float32), data.target_names[data.target]


def train(version: Version) -> Trained:
    """The model and card of a version."""
    measurements, species = flowers()
    seen, held_out, seen_species, held_out_species = train_test_split(
        measurements, species, test_size=0.3, random_state=_SEED, stratify=species
    )
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=version.regularisation, max_iter=1000))
    pipeline.fit(seen, seen_species)
    file = _exported(pipeline)
    metrics = {
        "held_out_flowers": len(held_out),
        "accuracy": round(float(accuracy_score(held_out_species, pipeline.predict(held_out))), 4),
        "log_loss": round(float(log_loss(held_out_species, pipeline.predict_proba(held_out))), 4),
    }
    return Trained(file, _card(version, file, metrics))


def _exported(pipeline: Pipeline) -> bytes:
    """The ONNX file: ``measurements`` in, ``label`` and ``probabilities`` out as plain tensors."""
    model: onnx.ModelProto = to_onnx(
        pipeline,
        initial_types=[("measurements", FloatTensorType([None, 4]))],
        options={"zipmap": False},
        target_opset=_OPSET,
        name="iris",
    )
    imports = {entry.domain: entry.version for entry in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in imports.items())
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "flowers"
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _card(version: Version, file: bytes, metrics: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "iris",
        "version": version.number,
        "digest": f"sha256:{hashlib.sha256(file).hexdigest()}",
        "purpose": "Shows a tabular model served from end to end. Not for decisions about anything but irises.",
        "data": {
            "name": "Iris plants data set, R. A. Fisher, 1936; 150 flowers, 50 of each species",
            "source": "https://archive.ics.uci.edu/dataset/53/iris",
            "carried_by": "scikit-learn, sklearn.datasets.load_iris",
            "licence": "CC BY 4.0",
            "class": "public",
        },
        "licence": "Apache-2.0",
        "training": {
            "script": "examples/models/iris/train.py",
            "method": "standardised multinomial logistic regression",
            "inverse_regularisation": version.regularisation,
            "split": f"70 % to train, 30 % held out, stratified by species, seed {_SEED}",
        },
        "metrics": metrics,
        "inputs": [
            {
                "name": "measurements",
                "datatype": "FP32",
                "shape": [-1, 4],
                "columns": ["sepal length", "sepal width", "petal length", "petal width"],
                "unit": "cm",
            }
        ],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1], "values": ["setosa", "versicolor", "virginica"]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3], "columns": "in the order of the labels"},
        ],
        "limits": [
            "Three species only; every flower is taken for one of them, however far from all three it lies.",
            "Trained on flowers of sepal length 4.3 to 7.9 cm; beyond that the probabilities mean nothing.",
        ],
    }


def main() -> None:
    """Write every version's model and card."""
    for version in VERSIONS:
        trained = train(version)
        version.model.parent.mkdir(parents=True, exist_ok=True)
        version.model.write_bytes(trained.onnx)
        version.card.write_text(yaml.safe_dump(trained.card, sort_keys=False, width=100), encoding="utf-8")


if __name__ == "__main__":
    main()
