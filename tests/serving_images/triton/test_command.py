"""Triton's command line and environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from google.protobuf import text_format
from triton_server import backends, command
from triton_server.backends import Backends
from triton_server.cores import usable_cores
from triton_server.options import Options, parse
from triton_server.repository import Model
from tritonclient.grpc.model_config_pb2 import ModelConfig

BASH = command.OWN_PROGRAMS / "bash"
OWN = Backends(Path("/opt/tritonserver/backends"))


def options(*given: str) -> Options:
    return parse(["--models", "/models", "--work", "/work", *given])


def models(*texts: str) -> list[Model]:
    return [Model(f"model-{number}", text_format.Parse(text, ModelConfig())) for number, text in enumerate(texts)]


def test_names_its_models_and_closes_what_nobody_uses() -> None:
    found = command.arguments(options("--threads", "3"), OWN, models("", ""), "", "secret")

    closed = "shared-memory,model-repository,model-config,trace,logging:x-closed=secret"
    assert found == [
        "/opt/tritonserver/bin/tritonserver",
        "--model-repository=/work/models",
        "--model-control-mode=explicit",
        "--load-model=model-0",
        "--load-model=model-1",
        "--exit-on-error=true",
        "--strict-readiness=true",
        "--exit-timeout-secs=20",
        *("--allow-http=true", "--http-address=0.0.0.0", "--http-port=8080"),
        *("--allow-grpc=true", "--grpc-address=0.0.0.0", "--grpc-port=8081"),
        *("--allow-metrics=true", "--metrics-address=0.0.0.0", "--metrics-port=8082"),
        f"--http-restricted-api={closed}",
        f"--grpc-restricted-protocol={closed}",
        "--allow-sagemaker=false",
        "--allow-vertex-ai=false",
        "--trace-config=level=OFF",
        "--backend-directory=/opt/tritonserver/backends",
        "--backend-config=default-max-batch-size=32",
        "--backend-config=onnxruntime,enable-global-threadpool=1",
        "--backend-config=onnxruntime,intra_op_thread_count=3",
        "--backend-config=onnxruntime,inter_op_thread_count=1",
    ]


def test_newer_releases_are_told_what_they_understand() -> None:
    found = command.arguments(
        options("--max-body-bytes", "1000"), OWN, models(""), "--allow-client-shm --http-max-input-size", "secret"
    )

    assert found[-2:] == ["--allow-client-shm=false", "--http-max-input-size=1000"]


def test_cache_and_rate_limit_are_switched_on_where_a_model_asks() -> None:
    asking = models("response_cache { enable: true }", "instance_group { rate_limiter { priority: 1 } }")

    found = command.arguments(options("--cache-bytes", "4096"), OWN, asking, "", "secret")

    assert found[-3:] == [
        "--cache-directory=/opt/tritonserver/caches",
        "--cache-config=local,size=4096",
        "--rate-limit=execution_count",
    ]
    plain = command.arguments(options(), OWN, models("response_cache { }", "instance_group { }"), "", "secret")
    assert not [each for each in plain if "cache" in each or "rate-limit" in each]


def test_the_environment_passes_on_devices_and_libraries_and_nobodys_secrets() -> None:
    inherited = {
        "LD_LIBRARY_PATH": "/usr/local/cuda/lib64",
        "NVIDIA_VISIBLE_DEVICES": "GPU-1",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AIP_MODE": "PREDICTION",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://elsewhere",
        "ORT_DISABLE_TELEMETRY": "0",
        "PATH": "/elsewhere",
    }

    assert command.environment(options("--threads", "2"), OWN, inherited) == {
        "LD_LIBRARY_PATH": "/usr/local/cuda/lib64",
        "NVIDIA_VISIBLE_DEVICES": "GPU-1",
        "ORT_DISABLE_TELEMETRY": "1",
        "ORT_INTRA_OP_NUM_THREADS": "2",
        "PATH": f"{command.OWN_PROGRAMS}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TRITON_DEFAULT_MAX_BATCH_SIZE": "32",
    }


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--manifest-digest", "sha256:abc"], "'sha256:abc': expected sha256: and 64 hexadecimal digits"),
        (["--http-port", "70000"], "'70000': expected a port from 1 to 65535"),
        (["--threads", "0"], "'0': expected a whole number from 1"),
        (["--max-body-bytes", "1e3"], "'1e3': expected a whole number from 1"),
    ],
)
def test_a_wrong_option_is_refused(given: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        options(*given)
    assert refused.value.code == 2
    assert sentence in capsys.readouterr().err


def test_cores_are_those_of_the_containers_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    groups = tmp_path / "sys" / "fs" / "cgroup"
    assert usable_cores(tmp_path) == 8

    (groups / "cpu").mkdir(parents=True)
    (groups / "cpu" / "cpu.cfs_quota_us").write_text("350000\n")
    (groups / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path) == 3

    (groups / "cpu.max").write_text("50000 100000\n")
    assert usable_cores(tmp_path) == 1
    (groups / "cpu.max").write_text("max 100000\n")
    (groups / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert usable_cores(tmp_path) == 8


def test_what_stands_in_for_bash_runs_the_stub_and_nothing_else(tmp_path: Path) -> None:
    stub = tmp_path / "triton_python_backend_stub"
    stub.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    stub.chmod(0o755)

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([BASH, *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    assert run("-c", f" exec {stub} /models/a 1") == (0, "/models/a|1|")
    assert run("-c", f"exec {stub} '$(id)' ';' id") == (0, "$(id)|;|id|")
    for line in ("id", "exec /usr/bin/id", f"exec {stub}/../id", f"source /x && exec {stub}"):
        assert run("-c", line) == (1, f"bash: refused: {line}\n")
    assert run("-x", f"exec {stub}") == (1, f"bash: refused: exec {stub}\n")


def test_the_local_variants_stub_is_a_copy_that_triton_may_change(tmp_path: Path) -> None:
    triton = tmp_path / "site" / "pytriton" / "tritonserver"
    for file in ("onnxruntime/model.py", "python/triton_python_backend_stub", "python/libtriton_python.so"):
        (triton / "backends" / file).parent.mkdir(parents=True, exist_ok=True)
        (triton / "backends" / file).write_text(file)
    (tmp_path / "tritonserver").symlink_to(triton)
    told = options("--triton", str(tmp_path / "tritonserver"), "--work", str(tmp_path / "work"))

    found = backends.prepare(told)

    site = tmp_path / "site"
    assert found == Backends(tmp_path / "work" / "backends", site)
    for file in ("onnxruntime/model.py", "python/triton_python_backend_stub", "python/libtriton_python.so"):
        assert not (found.folder / file).is_symlink()
        assert (found.folder / file).read_text() == file
    environment = command.environment(told, found, {})
    assert environment["LD_LIBRARY_PATH"] == str(site / "nvidia_pytriton.libs")
    assert environment["TRITON_PYTHON_PACKAGES"] == str(site)


def test_the_official_variants_backends_stay_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "backends" / "onnxruntime").mkdir(parents=True)
    (tmp_path / "backends" / "onnxruntime" / "libtriton_onnxruntime.so").touch()

    assert backends.prepare(options("--triton", str(tmp_path))) == Backends(tmp_path / "backends")
