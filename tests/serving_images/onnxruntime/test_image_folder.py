"""What the image is built from."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[3] / "serving_images" / "onnxruntime"


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


@pytest.mark.slow
def test_the_stage_script_gives_the_locked_wheels_the_same_each_time(tmp_path: Path) -> None:
    listings = []
    for name in ("first", "second"):
        destination = tmp_path / name
        destination.mkdir()
        subprocess.run([IMAGE / "stage", destination], cwd=IMAGE, check=True)
        assert [entry.name for entry in destination.iterdir()] == ["site-packages"]
        listings.append(
            {
                str(path.relative_to(destination)): (
                    path.stat().st_mode,
                    path.stat().st_mtime,
                    hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
                )
                for path in destination.rglob("*")
            }
        )
    first, second = listings
    assert first == second
    assert {modified for _, modified, _ in first.values()} == {0.0}
    assert not [name for name in first if "__pycache__" in name or "/tests/" in name]
    versions = {
        package["name"]: package["version"]
        for package in tomllib.loads((IMAGE / "uv.lock").read_text())["package"]
        if package["source"] != {"editable": "."}
    }
    metadata = {name.split("/")[1] for name in first if name.endswith(".dist-info")}
    assert metadata == {f"{name.replace('-', '_')}-{version}.dist-info" for name, version in versions.items()}
