"""The cluster of one provider: reached when first needed, so that a run without changes costs next to nothing."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from falaj.engine.kubernetes.client import ApiClient
from falaj.engine.kubernetes.configuration import Settings, load
from falaj.engine.kubernetes.discovery import Discovery, Kind
from falaj.engine.kubernetes.errors import ApiError, UnknownKindError
from falaj.engine.kubernetes.objects import group_kind
from falaj.engine.kubernetes.plan import Plan
from falaj.errors import ConfigurationError

OFFLINE = "FALAJ_KUBERNETES_OFFLINE"
"""The environment variable that keeps a preview away from every cluster."""

_PATIENCE = 1.0
"""How long, in seconds, the definition of an unknown kind is waited for: resources are checked in any order."""


class Cluster:
    """Connects on first use and keeps the connection, the served kinds and the plan of this run.

    A cluster that takes over from a former one with the same settings goes on with its connection.
    """

    def __init__(self, settings: Settings, former: Cluster | None = None) -> None:
        self.settings = settings
        self.plan = Plan()
        self._lock = threading.Lock()
        self._connected: tuple[ApiClient, Discovery] | None = None
        self._default_namespace = settings.namespace
        if former is not None:
            self._take_over(former)

    @property
    def is_offline(self) -> bool:
        """Whether a preview must do without the cluster: it is unknown yet, or not to be contacted."""
        return self.settings.unknown or os.environ.get(OFFLINE) == "1"

    @property
    def client(self) -> ApiClient:
        """The API client. Refused offline."""
        return self._connection()[0]

    @property
    def discovery(self) -> Discovery:
        """The kinds the cluster serves. Refused offline."""
        return self._connection()[1]

    @property
    def default_namespace(self) -> str:
        """The namespace of objects that name none: the provider's, else the context's, else ``default``."""
        with self._lock:
            if self._default_namespace is None:
                self._default_namespace = "default" if self.is_offline else load(self.settings).namespace
            return self._default_namespace

    def kind(self, api_version: str, kind: str) -> Kind:
        """Give a served kind, or one that a CustomResourceDefinition of this run makes."""
        try:
            return self.discovery.find(api_version, kind)
        except UnknownKindError:
            planned = self.plan.defines(api_version, kind)
            if planned is None:
                raise
            return planned

    def is_namespaced(self, tree: Mapping[str, Any]) -> bool:
        """Tell whether objects of the kind lie in a namespace; a kind that nobody knows yet is taken to."""
        scope = group_kind(tree).built_in_scope
        if scope is not None:
            return scope
        api_version, kind = str(tree.get("apiVersion")), str(tree.get("kind"))
        planned = self.plan.defines(api_version, kind)
        if planned is not None or self.is_offline:
            return planned is None or planned.namespaced
        try:
            return self.discovery.find(api_version, kind).namespaced
        except UnknownKindError:
            planned = self.plan.defines(api_version, kind, _PATIENCE)
            return planned is None or planned.namespaced

    def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any] | None:
        """Read a live object; None when there is none."""
        try:
            return self.client.get(kind.path(namespace, name))
        except ApiError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise

    def close(self) -> None:
        """Close the connection, if there is one."""
        with self._lock:
            if self._connected is not None:
                self._connected[0].close()
                self._connected = None

    def _take_over(self, former: Cluster) -> None:
        if former.settings == self.settings:
            self._connected = former._connected
        else:
            former.close()

    def _connection(self) -> tuple[ApiClient, Discovery]:
        if self.is_offline:
            raise ConfigurationError(
                "This needs the cluster, and the provider is offline or its kubeconfig is not known yet.",
                code="FAL-K8S-008",
                where="provider kubernetes",
                hint="run it online, with a kubeconfig that exists.",
            )
        with self._lock:
            if self._connected is None:
                client = ApiClient(load(self.settings))
                self._connected = (client, Discovery(client))
            return self._connected
