"""The owner's samples: what the model is calibrated, judged and measured with."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from falaj.errors import ConfigurationError

LABELS: Final = "labels"
"""The array of this name holds what the right answers are; all others are inputs of the model."""
NEXT: Final = f"write them with numpy.savez: one array for each input, rows first, and `{LABELS}` if they are known"

Array: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True)
class Samples:
    """Rows of inputs, and the right answers if they are known."""

    inputs: Mapping[str, Array]
    labels: Array | None
    count: int
    sha256: str


def read_samples(file: Path) -> Samples:
    """Read an .npz; refuses anything else, arrays of unequal length, and an array of Python objects."""
    try:
        content = file.read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise refused(file, f"It can't be read: {error.strerror or error}.") from None
    except (ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError):
        raise refused(file, "It is no .npz file, or one with Python objects in it, which are not read.") from None
    labels = arrays.pop(LABELS, None)
    if not arrays:
        raise refused(file, "It holds no inputs.")
    counts = {name: len(array) if array.ndim else 0 for name, array in arrays.items()}
    if labels is not None:
        counts[LABELS] = labels.size if labels.ndim in {1, 2} and labels.size == len(labels) else 0
    if len(set(counts.values())) > 1 or 0 in counts.values():
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise refused(file, f"Each array needs the same number of rows, and at least one; there are: {told}.")
    inputs = {name: array.astype(object) if array.dtype.kind == "U" else array for name, array in arrays.items()}
    flat = None if labels is None else labels.reshape(-1)
    return Samples(inputs, flat, next(iter(counts.values())), hashlib.sha256(content).hexdigest())


def refused(file: Path, message: str, hint: str = NEXT) -> ConfigurationError:
    """Return the error about a file of samples."""
    return ConfigurationError(message, code="FAL-MOD-003", where=f"--samples {file}", hint=hint)
