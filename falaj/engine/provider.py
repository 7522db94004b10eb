"""What the engine asks of a provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from falaj.engine.values import PropertyMap
from falaj.errors import FalajError


class ProviderError(Exception):
    """A provider refused or failed; the text is the provider's."""

    def __init__(self, message: str, described: FalajError | None = None) -> None:
        super().__init__(message)
        self.described = described


class ProviderLostError(ProviderError):
    """The provider's process ended in the middle of a call: what it was asked for may or may not be done."""


class InitializationError(ProviderError):
    """The resource exists but is not ready."""

    def __init__(
        self, identifier: str, outputs: PropertyMap, reasons: list[str], described: FalajError | None = None
    ) -> None:
        text = "; ".join(reasons) or "the resource was created but is not ready"
        super().__init__(str(described) if described else text, described)
        self.id = identifier
        self.outputs = outputs
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """A property that the provider refuses."""

    property: str
    """Its name; empty when it is about the whole resource."""

    reason: str
    """Why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How a resource's new inputs differ from what exists."""

    changed: bool | None
    """Whether they differ; None when the provider does not say."""

    keys: tuple[str, ...] = ()
    """Properties that differ."""

    replaces: tuple[str, ...] = ()
    """Properties that force a replacement."""

    delete_before_replace: bool = False
    """Whether the old one must go first."""

    detailed: dict[str, bool] = field(default_factory=dict)
    """Property paths that differ, with whether each forces a replacement."""

    unavailable: str = ""
    """Why the provider could not tell; the resource is then taken as changed."""


@dataclass(frozen=True, slots=True)
class Existing:
    """A resource as it is: what the state knows of it."""

    id: str
    """The provider's identifier."""

    inputs: PropertyMap
    """What it was made with."""

    outputs: PropertyMap
    """What it came to."""


class Provider(Protocol):
    """Makes, changes and removes the resources of one package."""

    def check_config(self, urn: str, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """The provider's own configuration, checked."""

    def diff_config(self, urn: str, old: PropertyMap, old_outputs: PropertyMap, new: PropertyMap) -> Difference:
        """How a new configuration differs."""

    def configure(self, urn: str, identifier: str, inputs: PropertyMap) -> None:
        """Take the configuration; with unknowns in it, answer previews without reaching out."""

    def check(
        self, urn: str, old: PropertyMap, new: PropertyMap, seed: bytes
    ) -> tuple[PropertyMap, list[CheckFailure]]:
        """A resource's inputs, checked and completed."""

    def diff(self, urn: str, old: Existing, new: PropertyMap, ignore: list[str]) -> Difference:
        """How a resource's inputs differ from what exists."""

    def create(self, urn: str, inputs: PropertyMap, timeout: float, *, preview: bool) -> tuple[str, PropertyMap]:
        """The identifier and outputs of a new resource."""

    def update(
        self, urn: str, old: Existing, new: PropertyMap, timeout: float, ignore: list[str], *, preview: bool
    ) -> PropertyMap:
        """The outputs of a changed resource."""

    def read(self, urn: str, identifier: str, inputs: PropertyMap) -> tuple[str, PropertyMap] | None:
        """The identifier and outputs of a resource that others own; None when there is no such resource."""

    def delete(self, urn: str, old: Existing, timeout: float) -> None:
        """Remove a resource."""

    def invoke(self, token: str, arguments: PropertyMap, *, preview: bool) -> tuple[PropertyMap, list[CheckFailure]]:
        """The answer of one of the package's functions."""

    def cancel(self) -> None:
        """Ask that running operations end early."""
