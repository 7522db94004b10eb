"""Keeps what was found as JSON: all rows of one machine in one file, a single row in place of its older self."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.serving import environments
from benchmarks.serving.finding import Finding
from benchmarks.serving.table import ROWS, Row

QUIET = 0.1
"""The most of the machine that others may use while figures are taken that shall stand."""
SHOWN = ("mlserver", "kserve", "fastapi", "uvicorn", "nvidia-pytriton", "onnxruntime", "numpy")
VERSION = re.compile(r"\d+(\.\d+)+")
PLACES = [row.name for row in ROWS]
GENERATORS = {"wrk": ["wrk", "-v"], "h2load": ["h2load", "--version"]}


class Record:
    """The file of results; rows of another machine, and of an older table, are dropped."""

    def __init__(self, file: Path, machine: dict[str, str | int]) -> None:
        self._file = file
        before: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        rows = before.get("rows", {}) if before.get("machine") == machine else {}
        self.rows: dict[str, Any] = {name: row for name, row in rows.items() if name in PLACES}
        self._machine = machine

    def keep(self, row: Row, finding: Finding, rounds: int, used_by_others: float) -> None:
        """Write a row at once, so that what was found so far outlives whatever comes after."""
        self.rows[row.name] = {
            "title": row.title,
            "measured": datetime.now(UTC).isoformat(timespec="seconds"),
            "rounds": rounds,
            "usedByOthers": round(used_by_others, 3),
            "quiet": used_by_others <= QUIET,
            "figures": [figure.as_record() | {"met": figure.met} for figure in finding.figures],
            "details": finding.details,
        }
        self.rows = {name: self.rows[name] for name in sorted(self.rows, key=PLACES.index)}
        content = {"machine": self._machine, "versions": used_versions(), "rows": self.rows}
        self._file.write_text(json.dumps(content, indent=2) + "\n")


def used_versions() -> dict[str, str]:
    """What was measured and with what, by exact version."""
    found = {name: version_of(command) for name, command in GENERATORS.items()}
    for lock in sorted(environments.LOCKS.glob("*.txt")):
        asked = environments.versions(lock.read_text())
        found |= {name: asked[name] for name in SHOWN if name in asked and name not in found}
    return found


def version_of(command: list[str]) -> str:
    """The version that a program tells of itself; some end with an error while they do."""
    told = subprocess.run(command, check=False, capture_output=True, text=True)
    found = VERSION.search(told.stdout + told.stderr)
    return found[0] if found else "unknown"
