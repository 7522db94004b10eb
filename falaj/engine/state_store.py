"""The state file of a stack: read whole, written atomically, locked while an update runs."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import importlib.metadata
import json
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from falaj.engine.passphrase import StackSecrets
from falaj.engine.resource_state import ResourceState, from_json, now
from falaj.errors import FalajError, StateError

VERSION = 3
"""Version of Pulumi's deployment format that is read and written."""


@dataclass(slots=True)
class PendingOperation:
    """Something that was begun and not seen to end."""

    kind: str
    """creating, updating or deleting."""

    state: ResourceState
    """The resource as it was when the operation began."""

    text: str = ""
    """Its entry in the state file; empty until it is first written."""


@dataclass(slots=True)
class Snapshot:
    """What a state file holds."""

    resources: list[ResourceState] = field(default_factory=list)
    """Every resource, each after those it depends on."""

    pending: list[PendingOperation] = field(default_factory=list)
    """Operations that an earlier, killed run had begun."""


class StateStore:
    """The state of one stack on disk. Refuses a damaged file, an unknown version and a second writer."""

    def __init__(self, directory: Path, project: str, stack: str) -> None:
        self.directory = directory
        self.file = directory / project / f"{stack}.json"
        self.stack = stack
        self._owner = self.file.with_suffix(".owner.json")
        self._lock = self.file.with_suffix(".lock")

    def exists(self) -> bool:
        """Whether the stack has been deployed."""
        return self.file.is_file()

    def document(self) -> dict[str, Any]:
        """The file as JSON. Refuses one that is damaged, or of a version it does not know."""
        try:
            document = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self._damaged(str(error)) from error
        if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):
            raise self._damaged("it is not a Pulumi deployment")
        if document.get("version") != VERSION:
            raise StateError(
                f"The state file has version {document.get('version')}; this engine knows version {VERSION}.",
                code="FAL-ENG-212",
                where=str(self.file),
                hint="run this stack with the Pulumi CLI that wrote it.",
            )
        return document

    def secrets(self, salt: str = "") -> StackSecrets:
        """The crypter of this state: its own salt, else the stack file's, else one made when first needed."""
        deployment = self.document()["deployment"] if self.exists() else {}
        provider = deployment.get("secrets_providers") or {}
        if provider.get("type", "passphrase") != "passphrase":
            raise StateError(
                f"The state's secrets are kept by {provider['type']}; this engine knows passphrase.",
                code="FAL-ENG-213",
                where=str(self.file),
                hint="run `pulumi stack change-secrets-provider passphrase` first.",
            )
        own = (provider.get("state") or {}).get("salt", "")
        return StackSecrets(own or salt, self.directory, str(self.file))

    def read(self, secrets: StackSecrets) -> Snapshot:
        """The snapshot in the file; an empty one when the stack has not been deployed."""
        if not self.exists():
            return Snapshot()
        deployment = self.document()["deployment"]
        snapshot = Snapshot()
        try:
            for entry in deployment.get("resources") or []:
                snapshot.resources.append(from_json(entry, secrets))
            for operation in deployment.get("pending_operations") or []:
                snapshot.pending.append(PendingOperation(operation["type"], from_json(operation["resource"], secrets)))
        except FalajError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._damaged(f"an entry is malformed ({error!r})") from error
        problem = integrity_problem(snapshot.resources)
        if problem:
            raise self._damaged(problem)
        return snapshot

    def write(self, resources: Sequence[str], pending: Sequence[str], salt: str) -> None:
        """Put these entries (each already JSON text) in the file, whole or not at all, and onto the disk."""
        text = render(resources, pending, salt)
        fresh = self.file.with_suffix(".json.new")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())
            fresh.replace(self.file)
            self._sync_directory()
        except OSError as error:
            raise StateError(
                f"The state can not be written: {error}",
                code="FAL-ENG-214",
                where=str(self.file),
                hint="make room or mend the permissions, then run `falaj up` again: it finds what was begun.",
            ) from error

    def remove(self) -> None:
        """Forget the stack and the copy of its last state."""
        self.file.unlink(missing_ok=True)
        self.file.with_suffix(".json.bak").unlink(missing_ok=True)
        self._sync_directory()

    def back_up(self) -> None:
        """Keep the file as it is now beside itself, as ``.bak``."""
        if self.exists():
            backup = self.file.with_suffix(".json.bak")
            backup.unlink(missing_ok=True)
            os.link(self.file, backup)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other writer out. Refuses at once, naming the owner, when one is in."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._lock, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise StateError(
                f"Another run is changing this stack: {self._owner_description()}.",
                code="FAL-ENG-215",
                where=f"stack {self.stack}",
                hint="wait until it has ended, or end it; its lock goes with its process.",
            ) from error
        try:
            self._write_owner()
            yield
        finally:
            self._owner.unlink(missing_ok=True)
            lock.release()

    def _write_owner(self) -> None:
        owner = {"pid": os.getpid(), "user": getpass.getuser(), "host": socket.gethostname(), "since": now()}
        self._owner.write_text(json.dumps({**owner, "command": Path(sys.argv[0]).name}), encoding="utf-8")

    def _owner_description(self) -> str:
        try:
            owner = json.loads(self._owner.read_text(encoding="utf-8"))
            return f"process {owner['pid']} of {owner['user']} on {owner['host']}, since {owner['since']}"
        except (OSError, ValueError, KeyError):
            return "its owner is not known yet"

    def _sync_directory(self) -> None:
        descriptor = os.open(self.file.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _damaged(self, why: str) -> StateError:
        backup = self.file.with_suffix(".json.bak")
        remedy = f"put back {backup}, the state before the last update" if backup.exists() else "restore a copy of it"
        return StateError(
            f"The state file is damaged: {why}.",
            code="FAL-ENG-211",
            where=str(self.file),
            hint=f"{remedy}; resources made since are then unknown to the engine.",
        )


def render(resources: Sequence[str], pending: Sequence[str], salt: str) -> str:
    """The state file's text."""
    version = f"v{importlib.metadata.version('pulumi')}"
    manifest = {"time": now(), "magic": hashlib.sha256(version.encode()).hexdigest(), "version": version}
    parts = [f'"manifest":{json.dumps(manifest)}']
    if salt:
        parts.append(f'"secrets_providers":{json.dumps({"type": "passphrase", "state": {"salt": salt}})}')
    parts.append('"resources":[\n' + ",\n".join(resources) + "\n]")
    if pending:
        parts.append('"pending_operations":[\n' + ",\n".join(pending) + "\n]")
    parts.append('"metadata":{}')
    return f'{{"version":{VERSION},"deployment":{{\n' + ",\n".join(parts) + "\n}}\n"


def integrity_problem(resources: Sequence[ResourceState]) -> str:
    """Why these resources are not a state that Pulumi accepts, in this order; empty when they are."""
    seen: set[str] = set()
    references: set[str] = set()
    live: set[str] = set()
    for state in resources:
        if not state.custom and state.id:
            return f"{state.urn} has an id but no provider"
        if state.provider and state.provider not in references:
            return f"{state.urn} comes before its provider {state.provider}"
        missing = sorted(state.depends_on() - {state.provider.rpartition("::")[0]} - seen - set(state.replace_with))
        if missing:
            return f"{state.urn} comes before {missing[0]}, which it depends on"
        if state.urn in live and not state.pending_deletion:
            return f"{state.urn} is there twice"
        if not state.pending_deletion:
            live.add(state.urn)
        seen.add(state.urn)
        references.add(state.reference)
    return ""
