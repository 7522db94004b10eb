"""A model as ONNX Runtime runs it: one thread, one sample at a time, as a lone caller meets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime

from falaj.errors import ConfigurationError
from falaj.optimization.samples import Array, Samples, refused

KINDS: Final = {
    "tensor(bool)": "b",
    "tensor(string)": "O",
    "tensor(float16)": "f2",
    "tensor(float)": "f4",
    "tensor(double)": "f8",
    **{f"tensor(int{bits})": f"i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"tensor(uint{bits})": f"u{bits // 8}" for bits in (8, 16, 32, 64)},
}
"""NumPy's types by ONNX Runtime's names of them."""
ERRORS: Final = 3
"""Level of the log at which ONNX Runtime tells errors alone."""


@dataclass(frozen=True)
class Model:
    """An ONNX file and a session of it."""

    file: Path

    @cached_property
    def session(self) -> Any:  # noqa: ANN401 - onnxruntime ships no types
        """The session; refuses a file that ONNX Runtime can't load."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(str(self.file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # noqa: BLE001 - ONNX Runtime raises classes of its own, unrelated to each other
            raise ConfigurationError(
                f"ONNX Runtime {onnxruntime.__version__} can't load it: {first_line(error)}",
                code="FAL-MOD-002",
                where=f"MODEL {self.file}",
                hint="name an ONNX file that this version loads",
            ) from None

    def rows(self, samples: Samples, file: Path) -> tuple[Mapping[str, Array], ...]:
        """What the model is fed, run by run; refuses samples that don't fit its inputs."""
        wanted = {each.name: each for each in self.session.get_inputs()}
        if set(wanted) != set(samples.inputs):
            raise refused(file, f"Its arrays are {_names(samples.inputs)}; the model's inputs are {_names(wanted)}.")
        sizes = set()
        for name, each in wanted.items():
            array = samples.inputs[name]
            _check(file, name, array, each.type, list(each.shape))
            sizes.add(each.shape[0] if isinstance(each.shape[0], int) else 1)
        size = max(sizes)
        if samples.count % size:
            raise refused(file, f"The model takes {size} rows at once, and {samples.count} rows are no multiple of it.")
        return tuple(
            {name: array[start : start + size] for name, array in samples.inputs.items()}
            for start in range(0, samples.count, size)
        )

    def run(self, rows: tuple[Mapping[str, Array], ...], output: str) -> Iterator[Array]:
        """What the model answers to each sample, of one output; refuses an output that has no row for each sample."""
        for fed in rows:
            count = len(next(iter(fed.values())))
            (answer,) = self.session.run([output], dict(fed))
            if not isinstance(answer, np.ndarray) or not answer.ndim or len(answer) != count:
                raise ConfigurationError(
                    f"It has not one row for each sample; outputs are {_names(self.outputs)}.",
                    code="FAL-MOD-004",
                    where=f"--tensor {output}",
                    hint="choose another with --tensor",
                )
            yield from answer

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what it answers, in its own order."""
        return tuple(each.name for each in self.session.get_outputs())


def first_line(error: Exception) -> str:
    """Return the first line of what ONNX Runtime says."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _check(file: Path, name: str, array: Array, kind: str, shape: list[object]) -> None:
    expected = KINDS.get(kind)
    found = array.dtype.str.lstrip("<=|")
    if expected is None:
        raise refused(file, f"{name}: the model takes {kind}, which is no tensor that an .npz can hold.")
    if found.replace("b1", "b") != expected:
        raise refused(file, f"{name}: the model takes {np.dtype(expected)}, and the samples are {array.dtype}.")
    fits = len(shape) == array.ndim and all(
        not isinstance(want, int) or want == have for want, have in zip(shape[1:], array.shape[1:], strict=False)
    )
    if not fits or not shape:
        told = ["any" if not isinstance(want, int) else want for want in shape]
        raise refused(file, f"{name}: the model takes the shape {told}, and the samples have {list(array.shape)}.")


def _names(names: Any) -> str:  # noqa: ANN401 - any iterable of names
    return ", ".join(sorted(names))
