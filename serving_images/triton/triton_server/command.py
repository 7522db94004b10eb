"""Triton's own command line and environment: what it serves, and what it does not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from triton_server.backends import Backends
from triton_server.options import Options
from triton_server.repository import Model

RESTRICTED: Final = ("shared-memory", "model-repository", "model-config", "trace", "logging")
"""Ways in that nobody uses: each asks for a header whose value is thrown away."""
HEADER: Final = "x-closed"
OWN_PROGRAMS: Final = Path(__file__).with_name("programs")
"""Holds what Triton's Python backend looks for on PATH, and nothing else."""
PASSED_ON: Final = ("LD_LIBRARY_PATH", "LANG", "TZ", "NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
"""Variables of the base and of the device plugin; Triton gets no other, so no credential or endpoint of anybody's."""


def arguments(options: Options, backends: Backends, models: Sequence[Model], understood: str, key: str) -> list[str]:
    """The command line; ``understood`` is Triton's own help, for what not every release has."""
    triton = options.triton
    return [
        str(triton / "bin" / "tritonserver"),
        f"--model-repository={options.repository}",
        "--model-control-mode=explicit",
        *(f"--load-model={model.name}" for model in models),
        "--exit-on-error=true",
        "--strict-readiness=true",
        f"--exit-timeout-secs={options.grace_seconds}",
        *_listeners(options),
        f"--http-restricted-api={','.join(RESTRICTED)}:{HEADER}={key}",
        f"--grpc-restricted-protocol={','.join(RESTRICTED)}:{HEADER}={key}",
        "--allow-sagemaker=false",
        "--allow-vertex-ai=false",
        "--trace-config=level=OFF",
        f"--backend-directory={backends.folder}",
        f"--backend-config=default-max-batch-size={options.max_batch_size}",
        *_threads(options),
        *_asked_for(options, models),
        *_where_understood(options, understood),
    ]


def environment(options: Options, backends: Backends, inherited: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that Triton and its backends get."""
    return {
        **{name: inherited[name] for name in PASSED_ON if name in inherited},
        **_of_copied(backends),
        "PATH": f"{OWN_PROGRAMS}:/usr/local/bin:/usr/bin:/bin",
        "ORT_DISABLE_TELEMETRY": "1",
        "ORT_INTRA_OP_NUM_THREADS": str(options.threads),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TRITON_DEFAULT_MAX_BATCH_SIZE": str(options.max_batch_size),
    }


def _of_copied(backends: Backends) -> dict[str, str]:
    if backends.packages is None:
        return {}
    libraries = backends.packages / "nvidia_pytriton.libs"
    return {"LD_LIBRARY_PATH": str(libraries), "TRITON_PYTHON_PACKAGES": str(backends.packages)}


def _listeners(options: Options) -> Iterator[str]:
    ports = {"http": options.http_port, "grpc": options.grpc_port, "metrics": options.metrics_port}
    for name, port in ports.items():
        yield from (f"--allow-{name}=true", f"--{name}-address={options.host}", f"--{name}-port={port}")


def _threads(options: Options) -> Iterator[str]:
    """One pool for all models, of the cores that the container has: Triton would take those of the machine for each."""
    yield "--backend-config=onnxruntime,enable-global-threadpool=1"
    yield f"--backend-config=onnxruntime,intra_op_thread_count={options.threads}"
    yield "--backend-config=onnxruntime,inter_op_thread_count=1"


def _asked_for(options: Options, models: Sequence[Model]) -> Iterator[str]:
    """What a model's configuration asks for and Triton does only when it is told to."""
    if any(model.configuration.response_cache.enable for model in models):
        yield f"--cache-directory={options.triton / 'caches'}"
        yield f"--cache-config=local,size={options.cache_bytes}"
    if any(group.HasField("rate_limiter") for model in models for group in model.configuration.instance_group):
        yield "--rate-limit=execution_count"


def _where_understood(options: Options, understood: str) -> Iterator[str]:
    if "--allow-client-shm" in understood:
        yield "--allow-client-shm=false"
    if "--http-max-input-size" in understood:
        yield f"--http-max-input-size={options.max_body_bytes}"
