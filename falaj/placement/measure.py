"""A model measured on this machine's CPU: batches and threads, as ONNX Runtime runs it."""

from __future__ import annotations

import gc
import math
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from falaj.errors import ConfigurationError
from falaj.placement.graph import count, open_dimensions
from falaj.placement.profile import FORMAT, CpuProfile, Machine, Point, digest

BATCHES: Final = (1, 2, 4, 8, 16, 32)
LEAST_RUNS, MOST_RUNS = 30, 2000
WARM_UP: Final = 3
SECONDS_OF_A_POINT: Final = 0.5
"""How long each point is measured, unless that gives too few runs or too many."""
LONGEST_SEQUENCE: Final = 128
"""What an open dimension is taken for, unless the caller says."""
ERRORS: Final = 3
"""Level of the log at which ONNX Runtime tells errors alone."""
TYPES: Final[Mapping[str, Any]] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(bool)": np.bool_,
    **{f"tensor(int{bits})": np.dtype(f"i{bits // 8}").type for bits in (8, 16, 32, 64)},
    **{f"tensor(uint{bits})": np.dtype(f"u{bits // 8}").type for bits in (8, 16, 32, 64)},
}
Feed = Mapping[str, npt.NDArray[Any]]


def measure(
    model: Path,
    today: date,
    *,
    dimensions: Mapping[str, int] | None = None,
    threads: Sequence[int] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> CpuProfile:
    """Run a model with every batch and number of threads. Refuses what ONNX Runtime can't load or be fed."""
    sha256 = digest(model)
    launches = _nodes(model)
    sizes = dict.fromkeys(open_dimensions(model), LONGEST_SEQUENCE) | dict(dimensions or {})
    cores = len(os.sched_getaffinity(0))
    points = []
    for amount in threads or _threads(cores):
        session = _session(model, amount)
        for batch in BATCHES:
            fed = feed(session, batch, sizes, model)
            if fed is None:
                break
            progress(f"{batch} rows, {amount} threads")
            points.append(_point(session, fed, batch, amount, model))
    return CpuProfile(
        format=FORMAT,
        model_sha256=sha256,
        measured=today,
        runtime=f"onnxruntime {onnxruntime.__version__}",
        machine=Machine(processor=_processor(), cores=cores),
        dimensions=sizes,
        work=count(model, sizes, launches),
        points=tuple(points),
    )


def feed(session: Any, batch: int, dimensions: Mapping[str, int], model: Path) -> Feed | None:  # noqa: ANN401 - onnxruntime ships no types
    """Return made-up inputs of so many rows; None where the model takes another number. Refuses types of no tensor."""
    made: dict[str, npt.NDArray[Any]] = {}
    generator = np.random.default_rng(0)
    for each in session.get_inputs():
        shape: list[int] = []
        for place, size in enumerate(each.shape):
            named = size if isinstance(size, str) else f"{each.name}[{place}]"
            shape.append(size if isinstance(size, int) else batch if place == 0 else dimensions.get(named, 1))
        if shape and shape[0] != batch:
            return None
        made[each.name] = _array(each.name, each.type, shape, generator, model)
    return made


def _array(name: str, kind: str, shape: Sequence[int], generator: np.random.Generator, model: Path) -> npt.NDArray[Any]:
    if kind == "tensor(string)":
        return np.full(tuple(shape), "a", dtype=object)
    dtype = TYPES.get(kind)
    if dtype is None:
        raise ConfigurationError(
            f"Its input {name} is {kind}, which is no tensor.",
            code="FAL-PLC-004",
            where=str(model),
            hint="name a model whose inputs are tensors",
        )
    if np.issubdtype(dtype, np.floating):
        return generator.standard_normal(tuple(shape)).astype(dtype)
    # Ones are valid as token, mask and flag alike.
    return np.ones(tuple(shape), dtype=dtype)


def _point(session: Any, fed: Feed, batch: int, threads: int, model: Path) -> Point:  # noqa: ANN401 - onnxruntime ships no types
    try:
        for _ in range(WARM_UP):
            session.run(None, fed)
    except Exception as error:  # noqa: BLE001 - ONNX Runtime raises classes of its own, unrelated to each other
        raise ConfigurationError(
            f"ONNX Runtime can't run it with made-up inputs: {str(error).strip().splitlines()[0]}",
            code="FAL-PLC-004",
            where=str(model),
            hint="say the sizes of its open dimensions with --dimension NAME=SIZE",
        ) from None
    taken = _timed(session, fed)
    ordered = sorted(taken)
    return Point(
        batch=batch,
        threads=threads,
        median_ms=_digits(statistics.median(taken)),
        p99_ms=_digits(ordered[math.ceil(0.99 * len(ordered)) - 1]),
        mean_ms=_digits(statistics.fmean(taken)),
        deviation_ms=_digits(statistics.stdev(taken)),
        runs=len(taken),
    )


def _timed(session: Any, fed: Feed) -> list[float]:  # noqa: ANN401 - onnxruntime ships no types
    taken: list[float] = []
    was_on = gc.isenabled()
    gc.disable()
    try:
        until = time.perf_counter() + SECONDS_OF_A_POINT
        while len(taken) < LEAST_RUNS or (time.perf_counter() < until and len(taken) < MOST_RUNS):
            started = time.perf_counter_ns()
            session.run(None, fed)
            taken.append((time.perf_counter_ns() - started) / 1e6)
    finally:
        if was_on:
            gc.enable()
    return taken


def _session(model: Path, threads: int) -> Any:  # noqa: ANN401 - onnxruntime ships no types
    options = _options()
    options.intra_op_num_threads = threads
    return _loaded(model, options)


def _nodes(model: Path) -> int:
    """Return the nodes of the graph as ONNX Runtime optimises it for any device."""
    options = _options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    with tempfile.TemporaryDirectory(prefix="falaj-place-") as folder:
        optimised = Path(folder) / "optimised.onnx"
        options.optimized_model_filepath = str(optimised)
        _loaded(model, options)
        return len(onnx.load(str(optimised), load_external_data=False).graph.node)


def _options() -> Any:  # noqa: ANN401 - onnxruntime ships no types
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _loaded(model: Path, options: Any) -> Any:  # noqa: ANN401 - onnxruntime ships no types
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - ONNX Runtime raises classes of its own, unrelated to each other
        raise ConfigurationError(
            f"ONNX Runtime {onnxruntime.__version__} can't load it: {str(error).strip().splitlines()[0]}",
            code="FAL-PLC-003",
            where=str(model),
            hint="name an ONNX file that this version loads",
        ) from None


def _threads(cores: int) -> list[int]:
    """Return one thread, every power of two of the cores, and all of them."""
    return sorted({*(2**power for power in range(cores.bit_length()) if 2**power <= cores), cores})


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()


def _digits(milliseconds: float) -> float:
    """Round to four significant digits, which is more than a measurement is worth."""
    return float(f"{milliseconds:.4g}")
