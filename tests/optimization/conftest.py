"""A real classifier of handwritten digits, and samples that it was not trained on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import pytest
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier


@dataclass(frozen=True)
class Digits:
    model: Path
    labelled: Path
    unlabelled: Path


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    folder = tmp_path_factory.mktemp("digits")
    pixels, labels = load_digits(return_X_y=True)
    pixels = (pixels / 16).astype(np.float32)
    network = MLPClassifier((128, 64), max_iter=60, random_state=1, early_stopping=True).fit(
        pixels[:1400], labels[:1400]
    )
    made = Digits(folder / "digits.onnx", folder / "labelled.npz", folder / "unlabelled.npz")
    exported: Any = to_onnx(network, pixels[:1], options={"zipmap": False})
    made.model.write_bytes(exported.SerializeToString())
    np.savez(made.labelled, X=pixels[1400:], labels=labels[1400:])
    np.savez(made.unlabelled, X=pixels[1400:])
    return made
