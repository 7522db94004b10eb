"""`falaj place` for two hundred models: a project of twenty tenants of ten, the whole command with its start."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import yaml

from benchmarks.figure import Figure
from benchmarks.surroundings import inherited

ROOT = Path(__file__).parents[1]
ENVIRONMENT, TENANT = "azure-uaenorth-prod", "azure-enterprise"
TENANTS, EACH = 20, 10
SMALL = {"cpu_request": "100m", "cpu_limit": "800m", "memory_request": "128Mi", "memory_limit": "512Mi"}
"""What ten endpoints of the tier may ask for."""
GOAL = 2.0
BATCHES, THREADS = (1, 2, 4, 8, 16, 32), (1, 2, 4)


def measure(*, rounds: int) -> list[Figure]:
    """Time the command on made-up models of every size; their profiles are made up too, and read as measured ones."""
    figure = Figure(f"falaj place, {TENANTS * EACH} models", GOAL)
    click.echo("timing falaj place", err=True)
    with tempfile.TemporaryDirectory(prefix="falaj-bench-") as folder:
        project = Path(folder)
        _make(project)
        _placed(project)
        for _ in range(rounds):
            started = time.perf_counter()
            models = _placed(project)
            figure.runs.append(time.perf_counter() - started)
        if models != TENANTS * EACH:
            raise RuntimeError(f"{models} models were placed, not {TENANTS * EACH}")
    return [figure]


def _placed(project: Path) -> int:
    command = [str(Path(sys.executable).with_name("falaj")), "place", "-s", ENVIRONMENT, "--rate", "20", "--json"]
    done = subprocess.run(command, cwd=project, env=inherited(), check=True, capture_output=True)
    return len(json.loads(done.stdout)["models"])


def _make(project: Path) -> None:
    shutil.copy(ROOT / "Pulumi.yaml", project)
    stacks = project / "stacks" / "config"
    stacks.mkdir(parents=True)
    for file in (ROOT / "stacks" / "config").glob("Pulumi.*.yaml"):
        if "falaj:environment:" in file.read_text(encoding="utf-8"):
            shutil.copy(file, stacks)
    tenant: dict[str, Any] = yaml.safe_load((ROOT / f"stacks/config/Pulumi.{TENANT}.yaml").read_text(encoding="utf-8"))
    (endpoint,) = tenant["config"]["falaj:tenant"]["endpoints"].values()
    generator = random.Random(0)  # noqa: S311 - sizes of models, no secret
    for number in range(TENANTS):
        names = [f"m{number}-{index}" for index in range(EACH)]
        endpoints = {name: {**endpoint, "model": f"falaj.local/models/{name}", "resources": SMALL} for name in names}
        tenant["config"]["falaj:tenant"]["endpoints"] = endpoints
        (stacks / f"Pulumi.tenant{number}.yaml").write_text(yaml.safe_dump(tenant), encoding="utf-8")
        for name in names:
            _make_model(project / "examples" / "models" / name, name, generator)


def _make_model(folder: Path, name: str, generator: random.Random) -> None:
    model = folder / name / "1" / "model.onnx"
    model.parent.mkdir(parents=True)
    model.write_text(name, encoding="utf-8")
    (folder / "image.toml").write_text(f'name = "falaj.local/models/{name}"\n', encoding="utf-8")
    milliseconds = 10 ** generator.uniform(-1, 2.5)
    profile = {
        "format": "falaj-cpu-profile/1",
        "model_sha256": hashlib.sha256(name.encode()).hexdigest(),
        "measured": "2026-11-22",
        "runtime": "made up",
        "machine": {"processor": "made up", "cores": 4},
        "dimensions": {},
        "work": {
            "operations": milliseconds * 5e7,
            "weight_bytes": milliseconds * 1e6,
            "activation_bytes": milliseconds * 1e5,
            "transfer_bytes": 4096,
            "launches": generator.randint(5, 400),
        },
        "points": [_point(milliseconds, batch, threads) for threads in THREADS for batch in BATCHES],
    }
    (model.parent / "cpu-profile.json").write_text(json.dumps(profile), encoding="utf-8")


def _point(milliseconds: float, batch: int, threads: int) -> dict[str, float]:
    mean = milliseconds * batch**0.9 / threads**0.8
    return {
        "batch": batch,
        "threads": threads,
        "median_ms": mean,
        "p99_ms": mean * 1.5,
        "mean_ms": mean,
        "deviation_ms": mean * 0.1,
        "runs": 100,
    }
