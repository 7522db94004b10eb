"""Keeps a copy of all objects of one kind, as the API server has them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar

from lightkube import ALL_NS, AsyncClient, KubeConfig
from lightkube.generic_resource import GenericNamespacedResource

if TYPE_CHECKING:
    from pathlib import Path

Manifest = Mapping[str, Any]
"""An object as JSON gave it. The client's typed models would silently leave out a field they do not know."""

Key = tuple[str, str]
"""Namespace and name; the namespace of a namespace is empty."""

Kind = type[GenericNamespacedResource]
"""A kind to follow in all namespaces; for one that has none, such as Namespace itself, the address is the same."""

Value = TypeVar("Value")

RETRY_SECONDS = 0.5
WATCH_SECONDS = 240

log = logging.getLogger(__name__)


def connect(kubeconfig: Path) -> AsyncClient:
    """Opens a client from a kubeconfig file, past any proxy that the environment names."""
    return AsyncClient(KubeConfig.from_file(kubeconfig).get(), trust_env=False)


class Reflector(Generic[Value]):
    """Lists one kind, then watches it, and starts over whenever that breaks off.

    Objects that ``read`` answers with ``None`` are left out. ``changed`` is called when ``objects`` may be of new
    interest: after each list, and after each event that changed what was read.
    """

    objects: dict[Key, Value]
    """What was read from each object."""
    in_step: bool
    """False until the first list and from a broken watch to the next list: ``objects`` may then be out of date."""

    def __init__(self, kind: Kind, read: Callable[[Manifest], Value | None], changed: Callable[[], None]) -> None:
        self.objects = {}
        self.in_step = False
        self._kind = kind
        self._read = read
        self._changed = changed

    async def follow(self, kubeconfig: Path) -> Never:
        """Follows the API server for ever; one that is away, or not there yet, is asked again and again."""
        complaint = ""
        while True:
            try:
                async with connect(kubeconfig) as client:
                    await self._list(client)
                    complaint = ""
                    await self._watch(client)
            except Exception as error:  # noqa: BLE001 - whatever the server answers, the rules in force stay and it is asked again
                self.in_step = False
                trouble = f"{type(error).__name__}: {error}"
                if trouble != complaint:
                    log.warning("cannot follow %s, trying again: %s", self._kind.__name__, trouble)
                complaint = trouble
                await asyncio.sleep(RETRY_SECONDS)

    async def _list(self, client: AsyncClient) -> None:
        listing = client.list(self._kind, namespace=ALL_NS)
        found = {_key(manifest): self._read(manifest) async for manifest in listing}
        self.objects = {key: value for key, value in found.items() if value is not None}
        self._version = listing.resourceVersion
        self.in_step = True
        self._changed()

    async def _watch(self, client: AsyncClient) -> None:
        events = client.watch(
            self._kind, resource_version=self._version, server_timeout=WATCH_SECONDS, namespace=ALL_NS
        )
        async for event, manifest in events:
            self._take(_key(manifest), None if event == "DELETED" else self._read(manifest))

    def _take(self, key: Key, value: Value | None) -> None:
        if value == self.objects.get(key):
            return
        if value is None:
            del self.objects[key]
        else:
            self.objects[key] = value
        self._changed()


def _key(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return metadata.get("namespace", ""), metadata["name"]
