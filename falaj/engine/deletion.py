"""Which resources go, and in which order: whatever depends on a resource goes before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from falaj.engine import urn as urns
from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.planner import Planner, replacing_keys
from falaj.engine.provider import ProviderError
from falaj.engine.provider_registry import ProviderRegistry
from falaj.engine.resource_state import ResourceState
from falaj.engine.values import UNKNOWN, PropertyMap
from falaj.engine.wire import UNKNOWN_TEXT


def dependents_of(root: ResourceState, resources: Sequence[ResourceState]) -> list[ResourceState]:
    """Everything that depends on ``root``, directly or not, in the order of the state."""
    reached = {root.urn}
    found: list[ResourceState] = []
    for state in resources:
        if state is not root and state.depends_on() & reached:
            reached.add(state.urn)
            found.append(state)
    return found


def waves(doomed: Iterable[ResourceState]) -> list[list[ResourceState]]:
    """Groups of resources that may go at once, in the order the groups must go.

    A resource is in a later group than everything that depends on it. An old copy that waits for deletion counts
    under its own URN like the rest: its dependents go before it.
    """
    remaining = list(doomed)
    groups: list[list[ResourceState]] = []
    while remaining:
        needed: set[str] = set()
        for state in remaining:
            needed |= state.depends_on() - {state.urn}
        group = [state for state in remaining if state.urn not in needed]
        if not group:
            group = remaining[-1:]
        groups.append(group)
        taken = {id(state) for state in group}
        remaining = [state for state in remaining if id(state) not in taken]
    return groups


def ensure_provider(registry: ProviderRegistry, deployment: Deployment, reference: str) -> None:
    """Have the provider with this reference configured, from the state when this pass did not register it."""
    if not reference or registry.get(reference) is not None:
        return
    urn, identifier = urns.split_reference(reference)
    for state in deployment.snapshot.resources:
        if state.urn == urn and state.id == identifier:
            try:
                registry.keep(state, checked=False)
            except ProviderError as error:
                raise ResourceError(f"its provider can not be configured: {error}") from error
            return
    raise ResourceError(f"its provider {reference} is not in the state")


class Cascade:
    """Which old resources have to go when one is deleted before it is replaced."""

    def __init__(self, deployment: Deployment, registry: ProviderRegistry, planner: Planner) -> None:
        self._deployment = deployment
        self._registry = registry
        self._planner = planner

    def dependents(self, root: ResourceState) -> list[ResourceState]:
        """Old resources that the replacement of ``root`` would replace too, last first. Refuses protected ones."""
        with self._deployment.lock:
            registered = self._deployment.record.claimed - {root.urn}
            deleted = set(self._deployment.record.deleted)
        doomed = {root.urn}
        found: list[ResourceState] = []
        for state in dependents_of(root, list(self._deployment.olds.values())):
            if state.urn in registered | deleted or not self._must_go(state, doomed):
                continue
            if state.protect:
                raise ResourceError(
                    f"{state.urn} depends on it and would have to be replaced too, but is protected; "
                    "take `protect` off and run again"
                )
            doomed.add(state.urn)
            found.append(state)
        with self._deployment.lock:
            self._deployment.record.deleted |= {state.urn for state in found}
        return found[::-1]

    def _must_go(self, state: ResourceState, doomed: set[str]) -> bool:
        if not state.custom or state.external or state.pending_replacement:
            return False
        if urns.split_reference(state.provider)[0] in doomed:
            ensure_provider(self._registry, self._deployment, state.provider)
            return True
        if state.deleted_with in doomed or doomed.intersection(state.replace_with):
            return True
        affected = {name for name, origin in state.property_dependencies.items() if doomed.intersection(origin)}
        if not affected & state.inputs.keys():
            return False
        if urns.is_provider_type(state.type):
            self._registry.keep(state, checked=False)
        elif not state.provider.endswith(UNKNOWN_TEXT):
            ensure_provider(self._registry, self._deployment, state.provider)
        provider = self._planner.provider_of(state)
        if provider is None:
            return False
        guessed = PropertyMap({name: UNKNOWN if name in affected else value for name, value in state.inputs.items()})
        try:
            difference = self._planner.difference(state, guessed, provider)
        except ProviderError as error:
            raise ResourceError.of(error) from error
        return bool(replacing_keys(difference, state.replace_on_changes, []))
