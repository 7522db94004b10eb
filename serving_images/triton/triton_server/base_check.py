"""``python -m triton_server.base_check`` stops an image build whose base this image can't stand on."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

OLDEST: Final = (2, 69)
"""Of official bases. Before it a body of nested JSON ends Triton (fixed in 2.69, NVIDIA's 26.05), and clients may
register shared memory unless they are kept out (off by default since 2.68)."""


def main() -> None:
    """Compare versions, import the launcher and run Triton: a missing library shows here and not in the first pod."""
    problem = _problem(os.environ, Path("/opt/tritonserver"))
    if problem is not None:
        sys.exit(problem)
    importlib.import_module("triton_server.__main__")


def _problem(environment: Mapping[str, str], triton: Path) -> str | None:
    wanted, found = environment["PYTHON_VERSION"], f"{sys.version_info.major}.{sys.version_info.minor}"
    if found != wanted:
        return f"the base image has Python {found}, but the wheels are for Python {wanted}: build with that"
    done = subprocess.run([triton / "bin" / "tritonserver", "--help"], capture_output=True, text=True, check=False)
    if "--model-control-mode" not in done.stdout + done.stderr:
        return f"{triton}/bin/tritonserver does not run: {done.stderr.strip() or 'it says nothing'}"
    if environment["TRITON_SERVER_VARIANT"] == "official":
        return _official(triton)
    return None


def _official(triton: Path) -> str | None:
    version = (triton / "TRITON_VERSION").read_text().strip()
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return f"the base has Triton {version}, with holes that {oldest} closed: take a base with {oldest} or newer"
    return None


if __name__ == "__main__":
    main()
