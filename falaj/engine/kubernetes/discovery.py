"""Which kinds the API server serves, and under which paths: asked once, and again when one is missing."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from falaj.engine.kubernetes.client import ApiClient
from falaj.engine.kubernetes.errors import ApiError, UnknownKindError
from falaj.engine.kubernetes.values import dig
from falaj.errors import ClusterError

_AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
)


@dataclass(frozen=True)
class Kind:
    """One served kind in one version."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "", name: str = "") -> str:
        """Give the path of an object, or of the list when the name is empty."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        within = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{root}{within}/{self.plural}" + (f"/{quote(name, safe='')}" if name else "")


class Discovery:
    """Finds the kinds of one API server. Two requests fill it; a kind that is missing makes it look again."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, str], Kind] | None = None
        self._learned: dict[tuple[str, str], Kind] = {}

    def find(self, api_version: str, kind: str) -> Kind:
        """Give the kind; one that the server does not serve raises UnknownKindError."""
        key = (api_version, kind)
        with self._lock:
            if key in self._learned:
                return self._learned[key]
            if self._kinds is None or key not in self._kinds:
                self._kinds = self._ask()
            if key not in self._kinds:
                raise UnknownKindError(api_version, kind)
            return self._kinds[key]

    def learn(self, definition: Mapping[str, Any]) -> None:
        """Take in the kinds of a CustomResourceDefinition that now exists, before the server announces them."""
        with self._lock:
            self._learned.update({(kind.api_version, kind.kind): kind for kind in defined_kinds(definition)})

    def forget(self, definition: Mapping[str, Any]) -> None:
        """Drop the kinds of a CustomResourceDefinition that is gone."""
        with self._lock:
            for kind in defined_kinds(definition):
                self._learned.pop((kind.api_version, kind.kind), None)
            self._kinds = None

    def _ask(self) -> dict[tuple[str, str], Kind]:
        found: dict[tuple[str, str], Kind] = {}
        for root in ("/api", "/apis"):
            try:
                answer = self._client.get(root, accept=_AGGREGATED)
            except ApiError as error:
                raise self._too_old(error.message) from error
            if answer.get("kind") != "APIGroupDiscoveryList":
                raise self._too_old(f"{root} is a {answer.get('kind')}")
            for served in _served(answer):
                found.setdefault((served.api_version, served.kind), served)
        return found

    def _too_old(self, answer: str) -> ClusterError:
        return ClusterError(
            f"The API server has no aggregated discovery: {answer}",
            code="FAL-K8S-007",
            where=self._client.server,
            hint="use a cluster of Kubernetes 1.27 or newer.",
        )


def defined_kinds(definition: Mapping[str, Any]) -> list[Kind]:
    """Give the kinds that a CustomResourceDefinition makes, one for each served version."""
    spec = dig(definition, "spec", default={})
    group, kind, plural = spec.get("group"), dig(spec, "names", "kind"), dig(spec, "names", "plural")
    if not isinstance(spec.get("versions"), list) or not (group and kind and plural):
        return []
    namespaced = spec.get("scope") == "Namespaced"
    return [
        Kind(f"{group}/{version.get('name')}", str(kind), str(plural), namespaced)
        for version in spec["versions"]
        if version.get("served")
    ]


def _served(answer: Mapping[str, Any]) -> Iterable[Kind]:
    for group in answer.get("items") or ():
        name = dig(group, "metadata", "name", default="")
        for version in group.get("versions") or ():
            api_version = f"{name}/{version['version']}" if name else version["version"]
            for resource in version.get("resources") or ():
                kind = dig(resource, "responseKind", "kind")
                if kind:
                    yield Kind(api_version, kind, resource["resource"], resource.get("scope") == "Namespaced")
