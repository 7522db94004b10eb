"""The providers of one pass, by reference, and the lifecycle of the resources that stand for them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

from falaj.engine import urn as urns
from falaj.engine.provider import CheckFailure, Difference, Existing, Provider, ProviderError
from falaj.engine.resource_state import ResourceState
from falaj.engine.values import PropertyMap
from falaj.engine.wire import UNKNOWN_TEXT

INTERNAL = "__internal"
"""Input that belongs to the engine and is never shown to a provider."""


class ProviderRegistry:
    """Plays the provider for resources that are providers themselves, as Pulumi's registry does."""

    def __init__(self, acquire: Callable[[str], Provider]) -> None:
        self._acquire = acquire
        self._checked: dict[str, Provider] = {}
        self._configured: dict[str, Provider] = {}
        self._aliases: dict[str, str] = {}
        self._lock = threading.Lock()
        self._keeping = threading.Lock()

    def get(self, reference: str) -> Provider | None:
        """The configured provider with this reference."""
        with self._lock:
            return self._configured.get(reference)

    def alias(self, urn: str, old_urn: str) -> None:
        """Let resources that still name a provider's old URN find it."""
        with self._lock:
            self._aliases[urn] = old_urn

    def keep(self, state: ResourceState, *, checked: bool) -> None:
        """Configure a provider from its state, unless it is already; ``checked`` when its check has just run."""
        with self._keeping:
            if self.get(state.reference) is not None:
                return
            provider = self._take_checked(state.urn) if checked else None
            self._configure(provider, state.urn, state.id, state.inputs)

    def check(
        self, urn: str, old: PropertyMap, new: PropertyMap, seed: bytes
    ) -> tuple[PropertyMap, list[CheckFailure]]:
        """The provider's configuration, checked by the provider itself."""
        del seed
        provider = self._acquire(urns.provider_package(urn))
        inputs, failures = provider.check_config(urn, old.without(INTERNAL), new.without(INTERNAL))
        if failures:
            return inputs, failures
        kept = {name: new[name] for name in ("version", INTERNAL) if name in new}
        if inputs.get("version", kept.get("version")) != kept.get("version"):
            raise ProviderError(f"the provider changed its version from {kept.get('version')}")
        with self._lock:
            self._checked[urn] = provider
        return PropertyMap({**inputs, **kept}), []

    def diff(self, urn: str, old: Existing, new: PropertyMap, ignore: list[str]) -> Difference:
        """How the provider's configuration differs."""
        del ignore
        with self._lock:
            provider = self._checked.get(urn) or self._configured.get(f"{urn}::{old.id}")
        if provider is None:
            raise ProviderError("the provider was not checked before")
        wanted = new.without(INTERNAL)
        difference = provider.diff_config(urn, old.inputs.without(INTERNAL), old.outputs, wanted)
        if difference.changed is None:
            return Difference(changed=old.outputs != wanted)
        return difference

    def create(self, urn: str, inputs: PropertyMap, timeout: float, *, preview: bool) -> tuple[str, PropertyMap]:
        """Configure the provider under a new identifier, unknown in a preview."""
        del timeout
        identifier = UNKNOWN_TEXT if preview else str(uuid.uuid4())
        self._configure(self._take_checked(urn), urn, identifier, inputs)
        return identifier, inputs.without(INTERNAL)

    def update(
        self, urn: str, old: Existing, new: PropertyMap, timeout: float, ignore: list[str], *, preview: bool
    ) -> PropertyMap:
        """Configure the provider anew under the identifier it has."""
        del timeout, ignore, preview
        self._configure(self._take_checked(urn), urn, old.id, new)
        return new.without(INTERNAL)

    def read(self, urn: str, identifier: str, inputs: PropertyMap) -> tuple[str, PropertyMap] | None:
        """Providers are not read."""
        del identifier, inputs
        raise ProviderError(f"{urn} is a provider, which can not be read")

    def delete(self, urn: str, old: Existing, timeout: float) -> None:
        """Nothing outside the engine stands for a provider."""
        del timeout
        with self._lock:
            self._configured.pop(f"{urn}::{old.id}", None)

    def invoke(self, token: str, arguments: PropertyMap, *, preview: bool) -> tuple[PropertyMap, list[CheckFailure]]:
        """The registry has no functions."""
        del arguments, preview
        raise ProviderError(f"{token} is not a function of a provider")

    def check_config(self, urn: str, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """The registry has no configuration."""
        del urn, old
        return new, []

    def diff_config(self, urn: str, old: PropertyMap, old_outputs: PropertyMap, new: PropertyMap) -> Difference:
        """The registry has no configuration."""
        del urn, old, old_outputs, new
        return Difference(changed=False)

    def configure(self, urn: str, identifier: str, inputs: PropertyMap) -> None:
        """The registry has no configuration."""

    def cancel(self) -> None:
        """Ask every provider to end its operations early."""
        with self._lock:
            providers = list(self._configured.values())
        for provider in providers:
            provider.cancel()

    def _take_checked(self, urn: str) -> Provider | None:
        with self._lock:
            return self._checked.pop(urn, None)

    def _configure(self, provider: Provider | None, urn: str, identifier: str, inputs: PropertyMap) -> None:
        configured = provider or self._acquire(urns.provider_package(urn))
        configured.configure(urn, identifier, inputs.without(INTERNAL))
        with self._lock:
            self._configured[f"{urn}::{identifier}"] = configured
            if urn in self._aliases:
                self._configured[f"{self._aliases[urn]}::{identifier}"] = configured
