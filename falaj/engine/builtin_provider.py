"""The engine's own provider, package ``pulumi``: references to other stacks, and looking up a registered resource."""

from __future__ import annotations

from collections.abc import Callable

from falaj.engine import urn as urns
from falaj.engine.provider import CheckFailure, Difference, Existing, ProviderError
from falaj.engine.resource_state import ResourceState
from falaj.engine.values import PropertyMap, Unknown, Value, contains_secret

STACK_REFERENCE = "pulumi:pulumi:StackReference"
"""Type of a reference to another stack."""

ReadOutputs = Callable[[str], PropertyMap | Unknown]
"""Reads the outputs of the stack with this name; unknown in an offline preview where there is none.

Raises ``ProviderError`` when there is none in any other pass."""

FindResource = Callable[[str], ResourceState | None]
"""Finds a resource of this pass by URN."""


class BuiltinProvider:
    """Serves ``StackReference`` and ``getResource``. Refuses every other type of the ``pulumi`` package."""

    def __init__(self, read_outputs: ReadOutputs, find_resource: FindResource) -> None:
        self._read_outputs = read_outputs
        self._find_resource = find_resource

    def check_config(self, urn: str, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """The configuration as it is: there is none to check."""
        del urn, old
        return new, []

    def diff_config(self, urn: str, old: PropertyMap, old_outputs: PropertyMap, new: PropertyMap) -> Difference:
        """Never a difference."""
        del urn, old, old_outputs, new
        return Difference(changed=False)

    def configure(self, urn: str, identifier: str, inputs: PropertyMap) -> None:
        """Nothing to configure."""
        del urn, identifier, inputs

    def check(
        self, urn: str, old: PropertyMap, new: PropertyMap, seed: bytes
    ) -> tuple[PropertyMap, list[CheckFailure]]:
        """Nothing can be registered here."""
        del old, new, seed
        raise self._unknown(urns.type_of(urn))

    def diff(self, urn: str, old: Existing, new: PropertyMap, ignore: list[str]) -> Difference:
        """Nothing can be registered here."""
        del old, new, ignore
        raise self._unknown(urns.type_of(urn))

    def create(self, urn: str, inputs: PropertyMap, timeout: float, *, preview: bool) -> tuple[str, PropertyMap]:
        """Nothing can be registered here."""
        del inputs, timeout, preview
        raise self._unknown(urns.type_of(urn))

    def update(
        self, urn: str, old: Existing, new: PropertyMap, timeout: float, ignore: list[str], *, preview: bool
    ) -> PropertyMap:
        """Nothing can be registered here."""
        del old, new, timeout, ignore, preview
        raise self._unknown(urns.type_of(urn))

    def read(self, urn: str, identifier: str, inputs: PropertyMap) -> tuple[str, PropertyMap] | None:
        """The outputs of the stack that a reference names."""
        if urns.type_of(urn) != STACK_REFERENCE:
            raise self._unknown(urns.type_of(urn))
        name = inputs.get("name", identifier)
        outputs = self._read_outputs(str(name))
        if isinstance(outputs, Unknown):
            return identifier, PropertyMap({"name": name, "outputs": outputs, "secretOutputNames": outputs})
        secret_names: list[Value] = [key for key in sorted(outputs) if contains_secret(outputs[key])]
        return identifier, PropertyMap({"name": name, "outputs": dict(outputs), "secretOutputNames": secret_names})

    def delete(self, urn: str, old: Existing, timeout: float) -> None:
        """Nothing of ours is ever made, so nothing is removed."""
        del urn, old, timeout

    def invoke(self, token: str, arguments: PropertyMap, *, preview: bool) -> tuple[PropertyMap, list[CheckFailure]]:
        """``getResource``: the state of a resource that this pass has registered."""
        del preview
        if token != "pulumi:pulumi:getResource":  # noqa: S105 - a function's token, no password
            raise self._unknown(token)
        urn = str(arguments.get("urn", ""))
        state = self._find_resource(urn)
        if state is None:
            raise ProviderError(f"unknown resource {urn}")
        return PropertyMap({"urn": state.urn, "id": state.id, "state": dict(state.outputs)}), []

    def cancel(self) -> None:
        """Nothing runs long enough to be cancelled."""

    @staticmethod
    def _unknown(token: str) -> ProviderError:
        return ProviderError(f"{token} is not known to the embedded engine; run this stack with the Pulumi CLI")
