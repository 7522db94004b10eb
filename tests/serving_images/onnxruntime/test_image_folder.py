"""What the image is built from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx2
import pytest

LARGEST = 170_000_000
"""Bytes of the packages with their bytecode."""
ROOT = Path(__file__).parents[3]
IMAGE = ROOT / "serving_images" / "onnxruntime"
EXAMPLES = ROOT / "examples"


def check(version: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onnxruntime_server.base_check"]
    environment = os.environ | {"PYTHON_VERSION": version}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_base_with_another_python_stops_the_build() -> None:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    done = check("3.99")
    assert done.returncode == 1
    assert done.stderr == (
        f"the base image has Python {own}, but the wheels are for Python 3.99:\n"
        f"set PYTHON_VERSION to {own} in image.toml and build again, or choose another base\n"
    )
    assert check(own).returncode == 0


def test_runs_as_nobody_in_particular_with_telemetry_off() -> None:
    lines = (IMAGE / "Containerfile").read_text().splitlines()
    assert lines[:2] == ["ARG BASE", "FROM ${BASE}"]
    assert "USER 65532:65532" in lines
    assert "ENV ORT_DISABLE_TELEMETRY=1 \\" in lines
    assert lines[-1] == 'ENTRYPOINT ["python3", "-m", "onnxruntime_server", "--models", "/models", "--port", "8080"]'


def stage(folder: Path) -> Path:
    subprocess.run([IMAGE / "stage", folder], cwd=IMAGE, check=True)
    assert [entry.name for entry in folder.iterdir()] == ["site-packages"]
    return folder / "site-packages"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage(tmp_path_factory.mktemp("staged"))


def listing(packages: Path) -> dict[str, tuple[int, float, str]]:
    return {
        str(path.relative_to(packages)): (
            path.stat().st_mode,
            path.stat().st_mtime,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in packages.rglob("*")
    }


@pytest.mark.slow
def test_the_stage_script_gives_the_locked_wheels_the_same_each_time(staged: Path, tmp_path: Path) -> None:
    first = listing(staged)
    assert first == listing(stage(tmp_path))
    assert {modified for _, modified, _ in first.values()} == {0.0}
    versions = {
        package["name"]: package["version"]
        for package in tomllib.loads((IMAGE / "uv.lock").read_text())["package"]
        if package["source"] != {"editable": "."}
    }
    metadata = {name for name in first if name.endswith(".dist-info")}
    assert metadata == {f"{name.replace('-', '_')}-{version}.dist-info" for name, version in versions.items()}


@pytest.mark.slow
def test_what_the_server_never_imports_stays_out_and_licences_stay_in(staged: Path) -> None:
    names = set(listing(staged))
    gone = ("bin", "numpy/f2py", "onnxruntime/quantization", "onnxruntime/tools", "onnxruntime/transformers")
    assert names.isdisjoint(gone)
    parts = {part for name in names for part in name.split("/")}
    assert parts.isdisjoint({"__pycache__", "tests", "INSTALLER", "direct_url.json", "uv_cache.json"})
    assert not [name for name in names if name.endswith((".pyi", ".pyx", ".h", ".c", ".a", ".proto"))]
    assert not [name for name in names if "libonnxruntime.so" in name]
    assert "onnxruntime/LICENSE" in names
    for record in staged.glob("*.dist-info/RECORD"):
        listed = {line.partition(",")[0] for line in record.read_text().splitlines()}
        assert listed <= names, f"{record.parent.name} names files that are gone"
        assert record.parent.name + "/METADATA" in listed


@pytest.mark.slow
def test_packages_with_their_bytecode_take_at_most_170_mb(staged: Path, tmp_path: Path) -> None:
    copy = tmp_path / "site-packages"
    shutil.copytree(staged, copy)
    subprocess.run([sys.executable, "-m", "compileall", "-q", copy], check=True)
    sizes = {
        entry.name: sum(path.stat().st_size for path in (entry, *entry.rglob("*")) if path.is_file())
        for entry in copy.iterdir()
    }
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:15]:
        print(f"{size / 1e6:8.1f} MB  {name}")
    print(f"{sum(sizes.values()) / 1e6:8.1f} MB  all")
    assert sum(sizes.values()) <= LARGEST


@pytest.mark.slow
def test_a_server_with_these_packages_alone_answers(staged: Path) -> None:
    """Without site-packages (-S) nothing that was left out can be found elsewhere."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if f'PYTHON_VERSION = "{own}"' not in (IMAGE / "image.toml").read_text():
        pytest.skip(f"the wheels are for another Python than {own}")
    models = str(EXAMPLES / "models" / "iris")
    command = [sys.executable, "-S", "-B", "-m", "onnxruntime_server", "--models", models, "--host", "127.0.0.1"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{staged}:{IMAGE}", "PYTHONWARNINGS": "error"}
    process = subprocess.Popen([*command, "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stderr is not None
            said: list[dict[str, Any]] = []
            while not said or said[-1]["message"] != "ready":
                said.append(json.loads(process.stderr.readline()))
            port = next(line["port"] for line in said if line["message"] == "listening")
            request = (EXAMPLES / "requests" / "iris.json").read_bytes()
            answer = httpx2.post(f"http://127.0.0.1:{port}/v2/models/iris/infer", content=request).json()
        finally:
            process.kill()
    assert answer["outputs"][0]["data"] == ["setosa", "versicolor", "virginica"]


@pytest.mark.slow
def test_a_router_with_these_packages_alone_starts(staged: Path) -> None:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if f'PYTHON_VERSION = "{own}"' not in (IMAGE / "image.toml").read_text():
        pytest.skip(f"the wheels are for another Python than {own}")
    places = ["--cpu", "127.0.0.1:1:2", "--host", "127.0.0.1", "--port", "0", "--grpc-port", "0"]
    command = [sys.executable, "-S", "-B", "-m", "inference_router", *places]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{staged}:{IMAGE}", "PYTHONWARNINGS": "error"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stderr is not None
            said: list[str] = []
            while not said or said[-1] != "ready":
                said.append(json.loads(process.stderr.readline())["message"])
        finally:
            process.kill()
    assert "listening" in said
