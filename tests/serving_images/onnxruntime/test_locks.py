"""The image's own lock and the project's hold the same versions of what the server runs on."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
IMAGE = ROOT / "serving_images" / "onnxruntime"


def locked(file: Path) -> dict[str, str]:
    return {package["name"]: package["version"] for package in tomllib.loads(file.read_text())["package"]}


def test_the_tests_run_what_the_image_runs() -> None:
    project = tomllib.loads((IMAGE / "pyproject.toml").read_text())["project"]
    direct = dict(entry.split("==") for entry in project["dependencies"])
    image, tests = locked(IMAGE / "uv.lock"), locked(ROOT / "uv.lock")
    assert {name: image[name] for name in direct} == direct
    assert {name: tests[name] for name in direct} == direct


def test_every_wheel_of_the_image_has_a_hash() -> None:
    for package in tomllib.loads((IMAGE / "uv.lock").read_text())["package"]:
        if package["source"] != {"editable": "."}:
            assert package["wheels"], package["name"]
            assert all(wheel["hash"].startswith("sha256:") for wheel in package["wheels"]), package["name"]
