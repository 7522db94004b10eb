"""Runs the stack program with a stack file of the test's own."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fakes.cluster import cluster_answer
from tests.fakes.monitor import Plan, programs

ROOT = Path(__file__).parents[2]
NAMES = ("traefik", "cert-manager", "onnxruntime", "models/iris", "models/iris-next")

RunStack = Callable[..., Plan]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """An image lock with every image the shipped stacks use."""
    path = tmp_path / "images.json"
    entries = {f"falaj.local/{name}": _entry(number) for number, name in enumerate(NAMES)}
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def _entry(number: int) -> dict[str, str]:
    return {"digest": f"sha256:{number:064x}", "archive": f"{number}.tar"}


def shipped(stack: str) -> dict[str, Any]:
    """The `config` block of a stack file as it lies in the repository."""
    text = (ROOT / "stacks" / "config" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    config: dict[str, Any] = yaml.safe_load(text)["config"]
    return config


@pytest.fixture
def run_stack(lock: Path) -> Iterator[RunStack]:
    """Runs `stacks/__main__.py` as a stack of that name with that configuration, as the language host would."""
    with programs() as run_program:

        def run(stack: str, config: dict[str, Any], *, preview: bool = False) -> Plan:
            given = {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in {"falaj:images": str(lock), **config}.items()
            }
            return run_program(_program, answer=cluster_answer, preview=preview, stack=stack, config=given)

        yield run


def _program() -> None:
    runpy.run_module("stacks", run_name="__main__")
