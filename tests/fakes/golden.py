"""Snapshots of plans, so that a change of a URN or an input is seen in review.

`FALAJ_WRITE_GOLDEN=1 pytest tests/components` writes them anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.fakes.monitor import Plan

FOLDER = Path(__file__).parent.parent / "golden"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"


def assert_golden(name: str, plan: Plan) -> None:
    """The plan equals its snapshot; a URN that is gone would be a replacement of something that runs."""
    file = FOLDER / f"{name}.json"
    found = [_entry(plan.resources[urn].__dict__) for urn in sorted(plan.resources)]
    if os.environ.get("FALAJ_WRITE_GOLDEN"):
        file.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    expected = json.loads(file.read_text(encoding="utf-8"))
    gone = {entry["urn"] for entry in expected} - {entry["urn"] for entry in found}
    assert not gone, f"this would delete or replace {sorted(gone)}: keep the name or add an alias"
    assert found == expected


def _entry(registration: dict[str, Any]) -> dict[str, Any]:
    """A registration with only what is set; vendored definitions are compared elsewhere."""
    kept = {key: value for key, value in registration.items() if value not in ((), None, "", False)}
    if kept["type"] == DEFINITION:
        kept["inputs"] = {"metadata": {"name": kept["inputs"]["metadata"]["name"]}}
    return json.loads(json.dumps(kept)) if kept else {}
