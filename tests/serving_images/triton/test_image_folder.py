"""What the image is built from."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from triton_server import base_check

from tests.serving_images.triton.process import IMAGE

LARGEST = 230_000_000
"""Bytes that the local variant adds to its base, without bytecode."""


def test_runs_as_nobody_in_particular_with_telemetry_off() -> None:
    lines = (IMAGE / "Containerfile").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")][:2] == ["ARG BASE", "FROM ${BASE}"]
    assert "USER 65532:65532" in lines
    assert "LABEL dev.falaj.variant=${VARIANT}" in lines
    assert "    ORT_DISABLE_TELEMETRY=1 \\" in lines
    assert "ENV NVIDIA_VISIBLE_DEVICES=void \\" in lines  # a GPU only from the device plugin
    entry = 'ENTRYPOINT ["python3", "-m", "triton_server", "--models", "/models", "--work", "/work"]'
    assert lines[-1] == entry


def test_says_that_the_image_built_here_is_the_local_variant() -> None:
    said = tomllib.loads((IMAGE / "image.toml").read_text())
    assert said["arguments"] == {"PYTHON_VERSION": "3.11", "VARIANT": "local-cpu"}
    assert said["on_demand"] is True


def test_the_tests_run_what_the_image_runs() -> None:
    project = tomllib.loads((IMAGE / "pyproject.toml").read_text())
    own = {each["name"]: each.get("version") for each in tomllib.loads((IMAGE / "uv.lock").read_text())["package"]}
    tests = {
        each["name"]: each.get("version")
        for each in tomllib.loads((IMAGE.parents[1] / "uv.lock").read_text())["package"]
    }
    direct = dict(entry.split("==") for entry in project["project"]["dependencies"])
    assert {name: own[name] for name in direct} == direct
    assert {name: tests[name] for name in direct} == direct
    assert own["onnxruntime"] == tests["onnxruntime"]


def test_every_wheel_of_the_image_has_a_hash() -> None:
    for package in tomllib.loads((IMAGE / "uv.lock").read_text())["package"]:
        if package["source"] != {"editable": "."}:
            assert package["wheels"], package["name"]
            assert all(wheel["hash"].startswith("sha256:") for wheel in package["wheels"]), package["name"]


def fake_triton(folder: Path, version: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "tritonserver"
    program.write_text("#!/bin/sh\necho --model-control-mode\nexit 1\n")
    program.chmod(0o755)
    (folder / "TRITON_VERSION").write_text(f"{version}\n")
    return folder


def test_a_base_that_the_image_cannot_stand_on_stops_the_build(tmp_path: Path) -> None:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    official = {"PYTHON_VERSION": own, "TRITON_SERVER_VARIANT": "official"}

    assert base_check._problem(official, fake_triton(tmp_path / "new", "2.71.0")) is None
    assert base_check._problem(official, fake_triton(tmp_path / "old", "2.68.0")) == (
        "the base has Triton 2.68.0, with holes that 2.69 closed: take a base with 2.69 or newer"
    )
    local = {**official, "TRITON_SERVER_VARIANT": "local-cpu"}
    assert base_check._problem(local, tmp_path / "old") is None
    assert base_check._problem({**local, "PYTHON_VERSION": "3.99"}, tmp_path / "old") == (
        f"the base image has Python {own}, but the wheels are for Python 3.99: build with that"
    )
    (tmp_path / "old" / "bin" / "tritonserver").write_text("#!/bin/sh\necho libx.so is missing >&2\n")
    assert base_check._problem(local, tmp_path / "old") == (
        f"{tmp_path}/old/bin/tritonserver does not run: libx.so is missing"
    )


@pytest.mark.slow
def test_what_triton_never_needs_stays_out_and_licences_stay_in(site: Path) -> None:
    names = {str(path.relative_to(site)) for path in site.rglob("*")}
    gone = ("bin", "zmq", "pytriton/triton.py", "pytriton/tritonserver/python_backend_stubs", "tritonclient/http")
    assert names.isdisjoint(gone)
    assert not [name for name in names if "libpython" in name or name.endswith((".pyi", ".h", ".a"))]
    assert "nvidia_pytriton-0.7.0.dist-info/licenses/LICENSE" in names
    assert os.access(site / "pytriton" / "tritonserver" / "backends" / "python" / "triton_python_backend_stub", os.X_OK)
    for record in site.glob("*.dist-info/RECORD"):
        listed = {line.partition(",")[0] for line in record.read_text().splitlines()}
        assert listed <= names, f"{record.parent.name} names files that are gone"
    files = [path for path in site.rglob("*") if path.is_file() and path.suffix != ".pyc"]  # Triton writes bytecode
    assert sum(path.stat().st_size for path in files) <= LARGEST


@pytest.mark.slow
def test_the_official_variant_brings_no_triton_of_its_own(tmp_path: Path) -> None:
    subprocess.run(
        [IMAGE / "stage", tmp_path, "official"], cwd=IMAGE, check=True, env={**os.environ, "PYTHON_VERSION": "3.12"}
    )

    packages = tmp_path / "root" / "opt" / "triton_server"
    assert sorted(path.name for path in packages.glob("*.dist-info")) == [
        "cffi-2.1.1.dist-info",
        "cryptography-50.0.2.dist-info",
        "protobuf-6.33.6.dist-info",
        "pycparser-3.12.dist-info",
        "tritonclient-2.73.0.dist-info",
    ]
    assert not (tmp_path / "root" / "opt" / "tritonserver").exists()
    assert list(packages.glob("_cffi_backend.cpython-312-*.so"))
