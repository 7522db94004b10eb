"""What has to be done to a resource: its inputs checked and judged, then compared with what exists."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from falaj.engine import property_path
from falaj.engine import urn as urns
from falaj.engine.aliases import FormerNames
from falaj.engine.analyzers import Analyzer
from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.events import EnforcementLevel, PolicyRemediated, Severity, StepOp, Violation
from falaj.engine.goal import Goal
from falaj.engine.provider import Difference, Existing, Provider, ProviderError
from falaj.engine.provider_registry import INTERNAL, ProviderRegistry
from falaj.engine.resource_state import ResourceState
from falaj.engine.values import PropertyMap, Value, contains_unknown, reveal

_SEED_BYTES = 32


@dataclass(slots=True)
class Plan:
    """One resource's step, decided and not yet done."""

    op: StepOp
    """What to do."""

    new: ResourceState
    """The resource as it should be."""

    old: ResourceState | None
    """The resource as it is."""

    provider: Provider | None
    """Who does it; None for a component."""

    goal: Goal
    """What the program asked for."""

    changed: tuple[str, ...] = ()
    """Properties that differ."""

    replaced_by: tuple[str, ...] = ()
    """Properties that force the replacement."""

    delete_first: bool = False
    """Whether the old one goes before the new one comes."""

    already_deleted: bool = False
    """Whether the old one is gone already."""

    dependents: list[ResourceState] = field(default_factory=list)
    """Old resources that must go before the old one can, last first."""


class Planner:
    """Decides steps as Pulumi's step generator does."""

    def __init__(
        self,
        deployment: Deployment,
        registry: ProviderRegistry,
        analyzers: Callable[[], Sequence[Analyzer]],
        former_names: FormerNames,
    ) -> None:
        self._deployment = deployment
        self._registry = registry
        self._analyzers = analyzers
        self._former_names = former_names

    def plan(self, goal: Goal, new: ResourceState, old: ResourceState | None) -> Plan:
        """The step for a resource. Raises ``ResourceError`` for what the provider or a policy refuses."""
        provider = self.provider_of(new)
        recreating = old is not None and new.urn in self._deployment.record.deleted
        fresh = recreating or old is None or old.external
        if old is not None:
            new.inputs = self._ignoring(new.urn, goal.ignore_changes, old.inputs, new.inputs)
        known = self._interrupted_inputs(new.urn) if fresh or old is None else old.inputs
        new.inputs = self._checked(provider, new, known, goal.properties if fresh else new.inputs)
        self.judge(new)
        plan = Plan(StepOp.CREATE, new, old, provider, goal)
        if old is None:
            return plan
        if recreating:
            plan.op, plan.already_deleted = StepOp.REPLACE, True
            return plan
        if old.external:
            plan.op = StepOp.REPLACE
            return plan
        return self._compared(plan, old)

    def provider_of(self, state: ResourceState) -> Provider | None:
        """The provider that manages a resource; None for a component."""
        if not state.custom:
            return None
        if urns.is_provider_type(state.type):
            return self._registry
        provider = self._registry.get(state.provider)
        if provider is None:
            raise ResourceError(f"its provider {state.provider} is not known")
        return provider

    def judge(self, new: ResourceState) -> None:
        """Ask every policy pack; in an update a mandatory verdict stops the resource."""
        provider = self._provider_state(new)
        analyzers = self._analyzers()
        for analyzer in analyzers:
            for mended in analyzer.remediate(new, provider):
                if mended.properties is not None:
                    new.inputs = mended.properties
                    self._deployment.emit(PolicyRemediated(mended.policy, new.urn, mended.description))
                else:
                    level = EnforcementLevel.ADVISORY
                    self._deployment.violated(
                        Violation(mended.policy, new.urn, level, mended.diagnostic, analyzer.name, mended.description)
                    )
        for analyzer in analyzers:
            for violation in analyzer.analyze(new, provider):
                if violation.level is not EnforcementLevel.DISABLED:
                    self._deployment.violated(violation)
        stopping = self._deployment.stopping_violations(new.urn)
        if stopping and not self._deployment.dry_run:
            raise ResourceError("stopped by policy " + ", ".join(sorted({item.policy for item in stopping})))

    def judge_stack(self) -> None:
        """Ask every policy pack about the stack as a whole."""
        analyzers = self._analyzers()
        if not analyzers:
            return
        with self._deployment.lock:
            news = list(self._deployment.record.news.values())
        states = [(state, self._provider_state(state)) for state in news]
        for analyzer in analyzers:
            for violation in analyzer.analyze_stack(states, self._deployment.target.root_urn):
                if violation.level is not EnforcementLevel.DISABLED:
                    self._deployment.violated(violation)

    def difference(self, state: ResourceState, inputs: PropertyMap, provider: Provider) -> Difference:
        """How ``inputs`` differ from what a resource was made with, by the provider's word or else by comparison."""
        existing = Existing(state.id, state.inputs, state.outputs)
        difference = provider.diff(state.urn, existing, inputs, state.ignore_changes)
        if difference.changed is not None:
            return difference
        wanted = self._ignoring(state.urn, state.ignore_changes, state.inputs, inputs)
        keys = changed_keys(state.inputs, wanted)
        return replace(difference, changed=bool(keys), keys=keys)

    def _compared(self, plan: Plan, old: ResourceState) -> Plan:
        difference = self._difference(plan, old)
        goal, new = plan.goal, plan.new
        if difference.unavailable:
            self._deployment.emit.diagnostic(Severity.WARNING, difference.unavailable, new.urn)
        replaced_by = replacing_keys(difference, goal.replace_on_changes, old.init_errors)
        plan.changed = difference.keys or tuple(sorted(difference.detailed))
        if replaced_by or old.pending_replacement:
            return self._replacement(plan, old, replaced_by, difference)
        changed = difference.changed or bool(old.init_errors)
        plan.op = StepOp.UPDATE if changed else StepOp.SAME
        return plan

    def _replacement(
        self, plan: Plan, old: ResourceState, replaced_by: tuple[str, ...], difference: Difference
    ) -> Plan:
        goal, new = plan.goal, plan.new
        if new.protect and old.protect:
            raise ResourceError(
                f"it is protected and would have to be replaced because of {', '.join(replaced_by) or 'its state'}; "
                "take `protect` off and run again"
            )
        new.inputs = self._checked(plan.provider, new, PropertyMap(), goal.properties)
        plan.op, plan.replaced_by = StepOp.REPLACE, replaced_by
        plan.already_deleted = old.pending_replacement
        first = difference.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
        plan.delete_first = first and not plan.already_deleted
        return plan

    def _difference(self, plan: Plan, old: ResourceState) -> Difference:
        goal, new = plan.goal, plan.new
        if old.replacement_trigger is not None or new.replacement_trigger is not None:
            if contains_unknown(new.replacement_trigger) and not self._deployment.dry_run:
                raise ResourceError("its replacement trigger is unknown")
            if reveal(old.replacement_trigger) != reveal(new.replacement_trigger):
                return Difference(changed=True, replaces=("replacementTrigger",))
        with self._deployment.lock:
            replaced = set(self._deployment.record.replaced)
        if replaced.intersection(goal.replace_with):
            return Difference(changed=True, replaces=("replaceWith",))
        if goal.deleted_with in replaced:
            return Difference(changed=True, replaces=("deletedWith",))
        if self._provider_changed(old, new):
            return Difference(changed=True, replaces=("provider",))
        if plan.provider is None:
            keys = changed_keys(old.inputs, new.inputs)
            return Difference(changed=bool(keys), keys=keys)
        existing = old.copy()
        existing.urn, existing.ignore_changes = new.urn, goal.ignore_changes
        try:
            return self.difference(existing, new.inputs, plan.provider)
        except ProviderError as error:
            raise ResourceError.of(error) from error

    def _provider_changed(self, old: ResourceState, new: ResourceState) -> bool:
        """Whether a change of provider means that it can not manage the resource any more."""
        if old.provider == new.provider:
            return False
        if not old.provider or not new.provider:
            return True
        old_urn, new_urn = urns.split_reference(old.provider)[0], urns.split_reference(new.provider)[0]
        if self._former_names.renamed(old_urn, new_urn):
            return False
        before, after = self._deployment.olds.get(old_urn), self._provider_state(new)
        provider = self._registry.get(new.provider)
        if before is None or after is None or provider is None:
            return True
        wanted = after.inputs.without(INTERNAL)
        try:
            difference = provider.diff_config(new_urn, before.inputs.without(INTERNAL), before.outputs, wanted)
        except ProviderError as error:
            raise ResourceError.of(error) from error
        return bool(replacing_keys(difference, [], []))

    def _checked(
        self, provider: Provider | None, new: ResourceState, old: PropertyMap, wanted: PropertyMap
    ) -> PropertyMap:
        if provider is None:
            return wanted
        try:
            inputs, failures = provider.check(new.urn, old, wanted, secrets.token_bytes(_SEED_BYTES))
        except ProviderError as error:
            raise ResourceError.of(error) from error
        if failures:
            raise ResourceError(
                "\n".join(f"{item.property}: {item.reason}" if item.property else item.reason for item in failures)
            )
        return inputs

    def _interrupted_inputs(self, urn: str) -> PropertyMap:
        """Inputs of a creation that a killed run had begun: with them the provider gives the same name again."""
        operation = self._deployment.journal.interrupted_creation(urn)
        return operation.state.inputs if operation else PropertyMap()

    def _ignoring(self, urn: str, paths: Sequence[str], old: PropertyMap, new: PropertyMap) -> PropertyMap:
        kept = new
        for text in paths:
            try:
                kept, done = property_path.reset(property_path.parse(text), old, kept)
            except ValueError as error:
                raise ResourceError(f"ignoreChanges: {error}") from error
            if not done:
                message = f"ignoreChanges can not hold for {text}: elements were added or removed on the way to it"
                self._deployment.emit.diagnostic(Severity.WARNING, message, urn)
        return kept

    def _provider_state(self, state: ResourceState) -> ResourceState | None:
        urn = urns.split_reference(state.provider)[0]
        with self._deployment.lock:
            return self._deployment.record.news.get(urn) or self._deployment.olds.get(urn) if urn else None


def changed_keys(old: PropertyMap, new: PropertyMap) -> tuple[str, ...]:
    """Names of the properties that differ, secrecy aside."""

    def shown(value: Value) -> Value:
        return reveal(value)

    return tuple(name for name in sorted(old.keys() | new.keys()) if shown(old.get(name)) != shown(new.get(name)))


def replacing_keys(
    difference: Difference, replace_on_changes: Sequence[str], init_errors: list[str]
) -> tuple[str, ...]:
    """What of a difference forces a replacement, by the provider's word or the program's."""
    found = set(difference.replaces) | {path for path, replaces in difference.detailed.items() if replaces}
    if difference.changed or init_errors:
        for text in replace_on_changes:
            wanted = property_path.parse(text)
            differing = {*difference.keys, *difference.detailed, *(["__initErrors"] if init_errors else [])}
            found |= {key for key in differing if property_path.contains(wanted, property_path.parse(key))}
    return tuple(sorted(found))
