"""What this run is going to make, so that a preview does not miss what the update will have."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from falaj.engine.kubernetes.discovery import Kind, defined_kinds

Reference = tuple[str, str, str]
"""Kind, namespace and name of an object."""


class Plan:
    """Remembers the namespaces and kinds the program makes, and the objects its state already knows."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._namespaces: set[str] = set()
        self._kinds: dict[tuple[str, str], Kind] = {}
        self._redefined: set[tuple[str, str]] = set()
        self._replaced: set[Reference] = set()
        self._known: set[str] = set()

    def will_make_namespace(self, name: str) -> None:
        """Note a Namespace of the program."""
        with self._changed:
            self._namespaces.add(name)
            self._changed.notify_all()

    def makes_namespace(self, name: str, patience: float) -> bool:
        """Tell whether the program makes the namespace; resources come in any order, so wait a little for it."""
        with self._changed:
            return self._changed.wait_for(lambda: name in self._namespaces, patience)

    def will_define(self, definition: Mapping[str, Any]) -> None:
        """Note a CustomResourceDefinition of the program."""
        with self._changed:
            self._kinds.update({(kind.api_version, kind.kind): kind for kind in defined_kinds(definition)})
            self._changed.notify_all()

    def defines(self, api_version: str, kind: str, patience: float = 0) -> Kind | None:
        """Give the kind if a CustomResourceDefinition of the program makes it; wait a little for it."""
        with self._changed:
            self._changed.wait_for(lambda: (api_version, kind) in self._kinds, patience)
            return self._kinds.get((api_version, kind))

    def will_redefine(self, definition: Mapping[str, Any]) -> None:
        """Note a CustomResourceDefinition whose schema this run changes."""
        with self._changed:
            self._redefined.update((kind.api_version, kind.kind) for kind in defined_kinds(definition))

    def redefines(self, api_version: str, kind: str) -> bool:
        """Tell whether the kind's schema changes in this run: the server still judges by the old one."""
        with self._changed:
            return (api_version, kind) in self._redefined

    def will_replace(self, reference: Reference) -> None:
        """Note an object that is deleted and made anew under its name."""
        with self._changed:
            self._replaced.add(reference)

    def replaces(self, reference: Reference) -> bool:
        """Tell whether the object is deleted and made anew under its name."""
        with self._changed:
            return reference in self._replaced

    def knows(self, uid: str) -> bool:
        """Tell whether the state already knows the object with this uid."""
        with self._changed:
            return uid in self._known

    def note_known(self, uid: str) -> None:
        """Note the uid of an object of the state."""
        with self._changed:
            self._known.add(uid)
