"""The state while an update runs: what is done, what is begun, and every step on disk before the next depends on it."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

from falaj.engine.passphrase import StackSecrets
from falaj.engine.resource_state import ResourceState, to_json
from falaj.engine.state_store import PendingOperation, Snapshot, StateStore
from falaj.engine.urn import split_reference


class Journal:
    """Old and new resources merged into one state. With no store (a preview) nothing is written."""

    def __init__(self, snapshot: Snapshot, store: StateStore | None, secrets: StackSecrets) -> None:
        self._store = store
        self._secrets = secrets
        self._before = {state.urn: state.document for state in snapshot.resources}
        self._old = list(snapshot.resources)
        self._new: list[ResourceState] = []
        self._pending: list[PendingOperation] = list(snapshot.pending)
        self._renamed: dict[str, str] = {}
        self._lock = threading.RLock()
        self._writing = threading.Lock()
        self._version = 0
        self._written = 0

    @property
    def interrupted(self) -> list[PendingOperation]:
        """Operations begun and not seen to end."""
        with self._lock:
            return list(self._pending)

    def interrupted_creation(self, urn: str) -> PendingOperation | None:
        """The creation of this resource that an earlier run had begun when it was killed, if there is one."""
        with self._lock:
            return next((item for item in self._pending if item.kind == "creating" and item.state.urn == urn), None)

    def begin(self, kind: str, state: ResourceState) -> PendingOperation:
        """Write down that an operation is about to start."""
        operation = PendingOperation(kind, state.copy())
        if self._store is None:
            return operation
        with self._lock:
            self._pending = [item for item in self._pending if (item.kind, item.state.urn) != (kind, state.urn)]
            self._pending.append(operation)
            self._version += 1
        self._commit()
        return operation

    def finish(
        self,
        operation: PendingOperation | None = None,
        *,
        add: ResourceState | None = None,
        remove: ResourceState | None = None,
        touched: ResourceState | None = None,
    ) -> None:
        """Write down that an operation ended: which resource came, which went, and which was changed in place."""
        with self._lock:
            if operation is not None:
                self._pending = [item for item in self._pending if item is not operation]
            if add is not None:
                self._pending = [item for item in self._pending if (item.kind, item.state.urn) != ("creating", add.urn)]
                self._new.append(add)
            if remove is not None:
                self._old = [state for state in self._old if state is not remove]
                self._new = [state for state in self._new if state is not remove]
            if touched is not None:
                touched.forget_document()
            if add is not None and remove is not None and remove.urn != add.urn:
                self._renamed[remove.urn] = add.urn
            if operation is not None or add is None or remove is None or not self._is_same(add, remove):
                self._version += 1
        self._commit()

    def changed(self, *states: ResourceState) -> None:
        """Write down that resources already in the state were changed in place."""
        with self._lock:
            for state in states:
                state.forget_document()
            self._version += 1
        self._commit()

    def forget_interrupted(self) -> None:
        """Drop the operations that an earlier run left behind; they have been reported."""
        with self._lock:
            if self._pending:
                self._pending = []
                self._version += 1
        self._commit()

    def resources(self) -> list[ResourceState]:
        """The state as it would be written now, in dependency order."""
        with self._lock:
            return [*self._new, *self._old]

    def is_as_before(self) -> bool:
        """Whether the state would be written word for word as it was read, with nothing begun and not ended."""
        with self._lock:
            kept = self.resources()
            if self._pending or len(kept) != len(self._before):
                return False
            return {state.urn: self._document(state) for state in kept} == self._before

    def _is_same(self, new: ResourceState, old: ResourceState) -> bool:
        if self._store is None:
            return True
        return old.document == self._document(new)

    def _document(self, state: ResourceState) -> dict[str, Any]:
        if state.document is None:
            state.document = to_json(self._follow_renames(state), self._secrets)
        return state.document

    def _follow_renames(self, state: ResourceState) -> ResourceState:
        names = self._renamed
        if not names or not state.depends_on() & names.keys():
            return state
        provider, identifier = split_reference(state.provider)
        return replace(
            state,
            parent=names.get(state.parent, state.parent),
            deleted_with=names.get(state.deleted_with, state.deleted_with),
            dependencies=[names.get(urn, urn) for urn in state.dependencies],
            property_dependencies={
                name: [names.get(urn, urn) for urn in urns] for name, urns in state.property_dependencies.items()
            },
            provider=f"{names.get(provider, provider)}::{identifier}" if state.provider else "",
        )

    def _text(self, state: ResourceState) -> str:
        if state.depends_on() & self._renamed.keys():
            return json.dumps(to_json(self._follow_renames(state), self._secrets), ensure_ascii=False)
        if not state.text:
            state.text = json.dumps(self._document(state), ensure_ascii=False)
        return state.text

    def _operation_text(self, operation: PendingOperation) -> str:
        if not operation.text:
            document = {"resource": self._document(operation.state), "type": operation.kind}
            operation.text = json.dumps(document, ensure_ascii=False)
        return operation.text

    def _commit(self) -> None:
        """Return once everything noted so far is on disk; one write serves all who wait for it."""
        store = self._store
        with self._lock:
            wanted = self._version
        if store is None:
            return
        with self._writing:
            if self._written >= wanted:
                return
            with self._lock:
                version = self._version
                texts = [self._text(state) for state in (*self._new, *self._old)]
                pending = [self._operation_text(item) for item in self._pending]
                salt = self._secrets.salt
            store.write(texts, pending, salt)
            self._written = version
