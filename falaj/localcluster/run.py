"""Runs a program of the system and turns its failure into a message."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from falaj.errors import ClusterError, FalajError
from falaj.localcluster.packages import PROGRAM_PATH

LONGEST_EXCERPT = 12
READABLE = 0o022
"""What programs are started with: what they make is the same whatever the user's own umask hides."""


def run(
    command: Sequence[str | Path],
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    error: type[FalajError] = ClusterError,
    code: str = "FAL-CLU-002",
    where: str = "",
    hint: str = "see `falaj doctor`, then run the same command again",
) -> str:
    """The program's standard output; refuses a status other than 0 with the last lines it wrote."""
    words = [str(word) for word in command]
    surroundings = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{PROGRAM_PATH}", **(environment or {})}
    try:
        done = subprocess.run(
            words,
            cwd=directory,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            umask=READABLE,
        )
    except FileNotFoundError as missing:
        raise error(
            f"{missing.filename} is not on this machine.", code=code, where=words[0], hint="run: falaj doctor"
        ) from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-LONGEST_EXCERPT:]
        raise error(
            f"It ended with status {done.returncode}:\n" + "\n".join(said),
            code=code,
            where=where or " ".join(words),
            hint=hint,
        )
    return done.stdout
