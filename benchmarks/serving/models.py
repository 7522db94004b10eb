"""The three models that are served: a tiny one, a sentence encoder and an image network."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from falaj.localcluster.places import cache_directory

MINILM = Path(__file__).parents[2] / "examples" / "models" / "minilm"
OPSET = 17
ROUNDS_OF_BOOSTING = 50


@dataclass(frozen=True)
class Model:
    """A model file in a repository of its own, so that a server holds nothing else."""

    name: str
    repository: Path

    @property
    def file(self) -> Path:
        """The ONNX file."""
        return self.repository / self.name / "1" / "model.onnx"


def built(name: str) -> Model:
    """A model by name, made once and kept in the cache."""
    model = Model(name, cache_directory() / "benchmarks" / "serving" / "models" / name)
    if not model.file.exists():
        model.file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = model.file.with_suffix(".unfinished")
        _BUILDERS[name](unfinished)
        unfinished.replace(model.file)
    return model


def _build_tiny(file: Path) -> None:
    """Gradient boosting over the thirteen measurements of scikit-learn's wines."""
    import numpy as np  # noqa: PLC0415 - slow to import, needed once
    from skl2onnx import to_onnx  # noqa: PLC0415 - slow to import, needed once
    from sklearn.datasets import load_wine  # noqa: PLC0415 - slow to import, needed once
    from sklearn.ensemble import GradientBoostingClassifier  # noqa: PLC0415 - slow to import, needed once

    wines, kinds = load_wine(return_X_y=True)
    classifier = GradientBoostingClassifier(n_estimators=ROUNDS_OF_BOOSTING, random_state=0).fit(wines, kinds)
    model = to_onnx(classifier, wines[:1].astype(np.float32), options={"zipmap": False}, target_opset=OPSET)
    file.write_bytes(model.SerializeToString())


def _build_minilm(file: Path) -> None:
    """The example model, by its own script: published weights by hash, the result by its card's digest."""
    folder = file.parent / "staged"
    environment = {
        **os.environ,
        "FALAJ_CACHE": str(cache_directory()),
        "PYTHON": sys.executable,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    subprocess.run([MINILM / "stage", folder], cwd=MINILM, env=environment, check=True)
    (folder / "minilm" / "1" / "model.onnx").replace(file)
    (folder / "minilm" / "1" / "tokenizer.json").unlink()
    for empty in (folder / "minilm" / "1", folder / "minilm", folder):
        empty.rmdir()


def _build_resnet(file: Path) -> None:
    """ResNet-50 as onnx carries it for its own tests, its weights drawn at random and its batch left open."""
    from benchmarks.serving import resnet  # noqa: PLC0415 - slow to import, needed once

    resnet.write(file)


_BUILDERS: dict[str, Callable[[Path], None]] = {
    "tiny": _build_tiny,
    "minilm": _build_minilm,
    "resnet": _build_resnet,
}
