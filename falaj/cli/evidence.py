"""``falaj evidence build | verify``: what the policy pack said of a source, as files that people and tools can keep."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from falaj.cli.console import messages, output, print_json
from falaj.cli.judging import Asked, existing_file, judged, source_options
from falaj.errors import ConfigurationError, PolicyViolationError
from falaj.signing import PrivateKey, PublicKey, UnusableKeyError, private_key, public_key
from policies.evidence.bundle import (
    OURS,
    NoBundleError,
    Rendering,
    TamperedError,
    bundle,
    signed,
)
from policies.evidence.bundle import verify as verified
from policies.evidence.document import UnreadableEvidenceError, digest
from policies.evidence.gathering import gather
from policies.evidence.model import Evidence
from policies.evidence.pack import tool

PASSWORD: Final = "FALAJ_EVIDENCE_PASSWORD"  # noqa: S105 - the name of a variable
"""Where the password of a signing key stands, if it has one."""
ALL: Final = "all"
BUILD: Final = "falaj evidence build"


@click.group()
def evidence() -> None:
    """The record of one judgement: signed, in forms for auditors, code scanning, pipelines and pull requests."""


@evidence.command()
@source_options
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; made if absent, and holding nothing else.",
)
@click.option("--key", type=existing_file, help=f"Sign with this private key; its password stands in {PASSWORD}.")
@click.option(
    "--format",
    "formats",
    multiple=True,
    default=(ALL,),
    show_default=True,
    type=click.Choice([ALL, *(each.value for each in Rendering)]),
    help="What to make beside evidence.json.",
)
def build(*, folder: Path, key: Path | None, formats: tuple[str, ...], as_json_: bool, **options: Any) -> None:  # noqa: ANN401 - the options of a source
    """Judge one source and write down everything that was said, waivers and coverage of clauses too.

    Exit code 0 even where the plan is stopped, which the evidence says; 3 if any part of it could not be read, and then
    nothing is written.
    """
    signer = None if key is None else _private(key)
    found = _gathered(Asked(**options), now())
    files = bundle(found, Rendering if ALL in formats else map(Rendering, formats))
    if signer is not None:
        files = signed(files, signer)
    _write(folder, files)
    if as_json_:
        digests = {name: digest(content) for name, content in sorted(files.items())}
        print_json({"folder": str(folder), "stops": found.stops, "signed": signer is not None, "files": digests})
        return
    counts = ", ".join(f"{count} {verdict}" for verdict, count in found.counts.items() if count)
    output.print(f"{found.judged.name}: {counts or 'nothing to judge'}", markup=False)
    output.print(f"wrote {len(files)} files into {folder}", markup=False)
    if signer is None:
        messages.print("not signed: nobody can verify it; sign with --key", markup=False)


@evidence.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--key", required=True, type=existing_file, help="The public key of whoever signed.")
def verify(*, folder: Path, key: Path) -> None:
    """Prove that DIR holds what the holder of a key signed, every byte of it and nothing else. Works without a network.

    Exit code 5 where a file was changed, removed or added, or another key signed; 3 where something can't be read.
    """
    trusted = _public(key)
    files = _read(folder)
    try:
        found = verified(files, trusted)
    except TamperedError as error:
        raise PolicyViolationError(
            str(error),
            code="FAL-EVI-001",
            where=str(folder),
            hint="ask whoever made it for another copy, or for the right key; rely on none of it until then",
        ) from None
    except (NoBundleError, UnreadableEvidenceError) as error:
        raise ConfigurationError(
            f"{error}.", code="FAL-EVI-002", where=str(folder), hint="name a folder that `falaj evidence build` wrote"
        ) from None
    at = f"{found.judged_at:%Y-%m-%d %H:%M} UTC"
    output.print(f"{found.judged.name}, judged on {at}: {len(files)} files are as they were signed", markup=False)
    output.print(f"SHA-256 of what was judged: {found.judged.digest}", markup=False)


def now() -> datetime:
    """Return what time it is."""
    return datetime.now(tz=UTC)


def _gathered(asked: Asked, at: datetime) -> Evidence:
    found = judged(asked, BUILD, today=at.date())
    file = _file(asked, found.judgement.source.stack)
    return gather(found.judgement, waivers=found.waivers, tool=tool(), at=at, file=file)


def _file(asked: Asked, stack: str) -> str:
    """The file that a reader of a finding would edit, seen from the project; nothing for a running cluster."""
    # The engine, which `verify` has no use for.
    from falaj import engine  # noqa: PLC0415 - only where a stack file is named
    from falaj.cli.project import project_root  # noqa: PLC0415 - only where a stack file is named

    root = project_root()
    given = (asked.state, asked.preview, *asked.manifests)
    files = [engine.Project.load(root).stack_file(stack)] if stack else []
    for file in (*files, *filter(None, given)):
        if file.exists() and file.resolve().is_relative_to(root.resolve()):
            return file.resolve().relative_to(root.resolve()).as_posix()
    return ""


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = {entry.name for entry in folder.iterdir()}
        _refuse(folder, present - OURS)
        for name in present - set(files):
            (folder / name).unlink()
        for name, content in files.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ConfigurationError(
            f"The evidence can't be written: {error.strerror}.",
            code="FAL-EVI-004",
            where=str(error.filename or folder),
            hint="name a folder that you may write to",
        ) from None


def _refuse(folder: Path, strangers: Iterable[str]) -> None:
    if names := sorted(strangers):
        raise ConfigurationError(
            f"It holds what is no part of any evidence: {', '.join(names)}.",
            code="FAL-EVI-005",
            where=f"--output {folder}",
            hint="name a folder of its own: whatever lies in it is to be signed or to be absent",
        )


def _read(folder: Path) -> Mapping[str, bytes]:
    try:
        return {
            entry.relative_to(folder).as_posix(): entry.read_bytes()
            for entry in sorted(folder.rglob("*"))
            if not entry.is_dir()
        } or _none(folder)
    except OSError as error:
        raise _unreadable(Path(error.filename or folder), str(error.strerror)) from None


def _none(folder: Path) -> Mapping[str, bytes]:
    # An empty folder and one that is not there look the same to a search for files.
    if not folder.is_dir():
        raise _unreadable(folder, "No such folder")
    return {}


def _private(file: Path) -> PrivateKey:
    try:
        return private_key(file.read_bytes(), os.environ.get(PASSWORD))
    except UnusableKeyError as error:
        raise _unusable(file, error, f"make one with `openssl genpkey`, or set {PASSWORD}") from None
    except OSError as error:
        raise _unreadable(file, str(error.strerror)) from None


def _public(file: Path) -> PublicKey:
    try:
        return public_key(file.read_bytes())
    except UnusableKeyError as error:
        raise _unusable(file, error, "name the public key, as `openssl pkey -pubout` writes it") from None
    except OSError as error:
        raise _unreadable(file, str(error.strerror)) from None


def _unusable(file: Path, error: UnusableKeyError, hint: str) -> ConfigurationError:
    return ConfigurationError(f"The key can't be used: {error}.", code="FAL-EVI-006", where=f"--key {file}", hint=hint)


def _unreadable(place: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"It can't be read: {why}.", code="FAL-EVI-007", where=str(place), hint="name one that is there and readable"
    )
