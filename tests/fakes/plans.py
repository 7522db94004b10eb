"""Plans of the shipped stacks, made by the embedded engine, and their golden files.

`FALAJ_WRITE_GOLDEN=1 pytest tests/day_two/test_plans.py` writes them anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tomllib
from pathlib import Path

from falaj import engine
from falaj.cli.project import image_folders
from falaj.plan import Plan, changes, losses, plan_of
from falaj.plan.rules import replaces

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "golden" / "plans"
CLOUDS = {package: (sys.executable, "-m", "falaj.standin", package) for package in ("aws", "azure-native")}
"""How the stand-ins of the clouds are started."""


def image_lock(folder: Path) -> dict[str, str]:
    """Configuration that names a lock with a digest for every image of the project, the same on every machine."""
    names = [tomllib.loads((each / "image.toml").read_text(encoding="utf-8"))["name"] for each in image_folders(ROOT)]
    lock = {name: {"digest": f"sha256:{hashlib.sha256(name.encode()).hexdigest()}", "archive": ""} for name in names}
    file = folder / "images.json"
    file.write_text(json.dumps(lock), encoding="utf-8")
    return {"falaj:images": str(file)}


def planned(stack: str, folder: Path) -> Plan:
    """What a stack asks for on its first day: no state, no cluster, no account. `folder` keeps what that needs."""
    options = engine.Options(
        config=image_lock(folder), providers=CLOUDS, offline=True, state_directory=folder / "state"
    )
    return plan_of(engine.preview(engine.Project.load(ROOT), stack, options).asked)


def assert_plan(stack: str, plan: Plan) -> None:
    """The plan equals its golden file. What would be lost on the way from that one to this is said first."""
    file = FOLDER / f"{stack}.json"
    if os.environ.get("FALAJ_WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(plan.to_text(), encoding="utf-8")
    golden = file.read_text(encoding="utf-8")
    lost = losses(changes(Plan.from_text(golden), plan, replaces))
    assert lost == [], "\n".join(lost)
    assert json.loads(plan.to_text()) == json.loads(golden)
