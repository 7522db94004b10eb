"""One Triton for the tests that leave it as they found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from onnx import TensorProto

from benchmarks.serving.environments import of_triton
from benchmarks.serving.errors import MeasurementError
from serving_images.contract import echo
from tests.serving_images import models
from tests.serving_images.triton.process import Triton

BATCHED = """
backend: "onnxruntime"
max_batch_size: 8
dynamic_batching { max_queue_delay_microseconds: 200000 preferred_batch_size: 8 }
instance_group { count: 1 kind: KIND_CPU }
"""
CACHED = 'backend: "onnxruntime"\nresponse_cache { enable: true }\nmax_batch_size: 8'
WARM = """
max_batch_size: 4
model_warmup { name: "ones" batch_size: 1 inputs { key: "x" value { data_type: TYPE_FP32 dims: 2 zero_data: true } } }
parameters { key: "execution_mode" value { string_value: "1" } }
optimization { graph { level: 1 } }
instance_group { count: 1 rate_limiter { resources { name: "cores" count: 1 } priority: 2 } }
"""
ENSEMBLE = """
platform: "ensemble"
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 dims: 2 }
output { name: "y" data_type: TYPE_FP32 dims: 2 }
ensemble_scheduling {
  step {
    model_name: "warm" model_version: -1
    input_map { key: "x" value: "x" } output_map { key: "y" value: "between" }
  }
  step {
    model_name: "cached" model_version: -1
    input_map { key: "x" value: "between" } output_map { key: "y" value: "y" }
  }
}
"""


@pytest.fixture(scope="session")
def site() -> Path:
    try:
        return of_triton()
    except MeasurementError as problem:
        pytest.skip(problem.message)


@pytest.fixture(scope="session")
def triton_models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    """The contract's models and cases, and some with a configuration of their own."""
    folder, cases = echo.write(tmp_path_factory.mktemp("triton"))
    models.save(models.addition(), folder, "addition")
    models.save(models.addition(), folder, "addition", "12")
    models.save(models.lookup(), folder, "lookup")
    models.save(models.identity(TensorProto.STRING, ["rows"]), folder, "labels")
    models.save(models.identity(TensorProto.FLOAT, ["rows", 2]), folder, "cached")
    models.save(models.identity(TensorProto.FLOAT, ["rows", 2]), folder, "warm")
    for name, text in {"lookup": BATCHED, "cached": CACHED, "warm": WARM}.items():
        (folder / name / "config.pbtxt").write_text(text)
    (folder / "chain").mkdir()
    (folder / "chain" / "config.pbtxt").write_text(ENSEMBLE)
    return folder, cases


@pytest.fixture(scope="session")
def triton(
    site: Path, triton_models: tuple[Path, list[Path]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Triton]:
    process = Triton(site, triton_models[0], tmp_path_factory.mktemp("server"))
    try:
        process.wait_until_ready()
        yield process
    finally:
        process.close()


@pytest.fixture
def client(triton: Triton) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=triton.url, timeout=60) as client:
        yield client
