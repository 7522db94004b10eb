"""The Pulumi CLI, where it is on PATH: the engine for clouds, teams and shared state."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import click

from falaj.cli.console import messages

CHOICE = "FALAJ_ENGINE"
"""Environment variable that chooses the engine: ``embedded``, ``pulumi``, or unset for whichever is there."""


def pulumi_cli() -> str | None:
    """Path of the Pulumi CLI to use, or None for the embedded engine; refuses a choice that can't be had."""
    choice = os.environ.get(CHOICE, "")
    if choice not in {"", "embedded", "pulumi"}:
        raise click.UsageError(f"{CHOICE}={choice}: choose embedded, pulumi, or leave it unset.")
    found = shutil.which("pulumi")
    if choice == "pulumi" and found is None:
        raise click.UsageError(f"{CHOICE}=pulumi, but there is no pulumi on PATH. Unset it for the embedded engine.")
    return None if choice == "embedded" else found


def run_pulumi(program: str, root: Path, arguments: list[str]) -> None:
    """Hand a verb to the Pulumi CLI in the project's folder, showing the command; exits with its code if it fails."""
    messages.print(f"$ pulumi {' '.join(arguments)}", style="dim", markup=False)
    done = subprocess.run([program, *arguments], cwd=root, check=False)
    if done.returncode != 0:
        raise click.exceptions.Exit(done.returncode)


def read_pulumi(program: str, root: Path, arguments: list[str]) -> str:
    """What the Pulumi CLI prints for a question; exits with its code if it fails."""
    done = subprocess.run([program, *arguments], cwd=root, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise click.exceptions.Exit(done.returncode)
    return done.stdout
