"""Does what was decided: asks the provider, marks secrets, and has the state written before anybody builds on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from falaj.engine import urn as urns
from falaj.engine.callbacks import Hooks
from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.events import Step, StepOp
from falaj.engine.planner import Plan
from falaj.engine.provider import Existing, InitializationError, Provider, ProviderError, ProviderLostError
from falaj.engine.provider_registry import ProviderRegistry
from falaj.engine.resource_state import ResourceState, now
from falaj.engine.state_store import PendingOperation
from falaj.engine.values import PropertyMap, Secret


class Executor:
    """Performs the steps of one pass."""

    def __init__(self, deployment: Deployment, registry: ProviderRegistry, hooks: Hooks) -> None:
        self._deployment = deployment
        self._registry = registry
        self._hooks = hooks

    def execute(self, plan: Plan) -> ResourceState:
        """Bring a resource to where it should be. Raises ``ResourceError``; the state then holds what was done."""
        actions: dict[StepOp, Callable[[Plan], None]] = {
            StepOp.SAME: self._keep,
            StepOp.CREATE: self._create,
            StepOp.UPDATE: self._update,
            StepOp.REPLACE: self._replace,
        }

        def act() -> Step:
            with self._deployment.slots:
                if self._deployment.cancelled.is_set():
                    raise ResourceError("cancelled")
                actions[plan.op](plan)
            return step_of(plan)

        if plan.op is StepOp.REPLACE:
            with self._deployment.lock:
                self._deployment.record.replaced.add(plan.new.urn)
        self._deployment.perform(step_of(plan), act)
        return plan.new

    def delete(self, state: ResourceState, *, replacing: bool, keep_for_replacement: bool = False) -> None:
        """Remove a resource, unless someone else owns it, it is to be retained, or its removal is implied.

        ``keep_for_replacement`` leaves it in the state, marked, until its replacement exists.
        """
        if state.protect and not replacing:
            raise ResourceError("it is protected; take `protect` off, run an update, and try again")
        self._hooks.run("BeforeDelete", state, None)
        if not self._deployment.dry_run:
            operation = self._deployment.journal.begin("deleting", state) if state.custom else None
            with self._deployment.lock:
                implied = state.deleted_with in self._deployment.record.deleted
            if state.custom and not (state.external or state.retain_on_delete or implied):
                self._ask_to_delete(state)
            if keep_for_replacement:
                state.pending_replacement = True
                self._deployment.journal.finish(operation, touched=state)
            else:
                self._deployment.journal.finish(operation, remove=state)
        self._hooks.run("AfterDelete", state, None)

    def _ask_to_delete(self, state: ResourceState) -> None:
        provider: Provider | None = self._registry
        if not urns.is_provider_type(state.type):
            provider = self._registry.get(state.provider)
        if provider is None:
            raise ResourceError(f"its provider {state.provider} is not known")
        existing = Existing(state.id, state.inputs, state.outputs)
        try:
            provider.delete(state.urn, existing, state.custom_timeouts.get("delete", 0))
        except ProviderError as error:
            raise ResourceError.of(error) from error

    def _keep(self, plan: Plan) -> None:
        old, new = plan.old, plan.new
        if old is None:
            return
        new.id, new.outputs, new.init_errors = old.id, old.outputs, old.init_errors
        if urns.is_provider_type(new.type):
            settled = new.copy()
            settled.inputs = old.inputs
            try:
                self._registry.keep(settled, checked=True)
            except ProviderError as error:
                raise ResourceError.of(error) from error
        self.settle(new)
        self._deployment.journal.finish(add=new, remove=old)

    def _create(self, plan: Plan) -> None:
        self._make(plan, remove=None, touched=None)

    def _replace(self, plan: Plan) -> None:
        old = plan.old
        if old is None:
            return
        if plan.delete_first:
            for dependent in plan.dependents:
                self.delete(dependent, replacing=True, keep_for_replacement=True)
            with self._deployment.lock:
                self._deployment.record.deleted.add(old.urn)
            self.delete(old, replacing=True, keep_for_replacement=True)
        if plan.delete_first or plan.already_deleted:
            self._make(plan, remove=old, touched=None)
        else:
            self._make(plan, remove=None, touched=old)

    def _make(self, plan: Plan, *, remove: ResourceState | None, touched: ResourceState | None) -> None:
        """Create a resource; what it replaces is dropped from the state, or marked to be deleted at the end."""
        new, dry_run = plan.new, self._deployment.dry_run
        self._hooks.run("BeforeCreate", None, new)
        problem: InitializationError | None = None
        operation = None
        if plan.provider is not None:
            operation = self._deployment.journal.begin("creating", new)
            timeout = new.custom_timeouts.get("create", 0)
            try:
                new.id, new.outputs = plan.provider.create(new.urn, new.inputs, timeout, preview=dry_run)
            except InitializationError as error:
                problem = error
                new.id, new.outputs, new.init_errors = error.id, error.outputs, error.reasons
            except ProviderError as error:
                self._give_up(operation, error)
        new.created = new.modified = now()
        self.settle(new)
        if touched is not None and not dry_run:
            touched.pending_deletion = True
        self._deployment.journal.finish(operation, add=new, remove=remove, touched=touched)
        if problem is not None:
            raise ResourceError.of(problem)
        if new.custom:
            self._hooks.run("AfterCreate", None, new)

    def _update(self, plan: Plan) -> None:
        old, new, dry_run = plan.old, plan.new, self._deployment.dry_run
        if old is None:
            return
        new.id, new.outputs = old.id, old.outputs
        self._hooks.run("BeforeUpdate", old, new)
        problem: InitializationError | None = None
        operation = None
        if plan.provider is not None:
            operation = self._deployment.journal.begin("updating", old)
            existing = Existing(old.id, old.inputs, old.outputs)
            timeout, ignore = new.custom_timeouts.get("update", 0), plan.goal.ignore_changes
            try:
                new.outputs = plan.provider.update(new.urn, existing, new.inputs, timeout, ignore, preview=dry_run)
            except InitializationError as error:
                problem = error
                new.outputs, new.init_errors = error.outputs, error.reasons
            except ProviderError as error:
                self._give_up(operation, error)
            new.modified = now()
        self.settle(new)
        self._deployment.journal.finish(operation, add=new, remove=old)
        if problem is not None:
            raise ResourceError.of(problem)
        if new.custom:
            self._hooks.run("AfterUpdate", old, new)

    def _give_up(self, operation: PendingOperation, error: ProviderError) -> NoReturn:
        """Fail; an operation whose end nobody saw stays in the state for the next run to settle."""
        if not isinstance(error, ProviderLostError):
            self._deployment.journal.finish(operation)
        raise ResourceError.of(error) from error

    def settle(self, new: ResourceState) -> None:
        """Hide what must be hidden and remember the resource as it is now."""
        hidden = {name for name in new.additional_secret_outputs if name != "id"}
        hidden |= {name for name, value in new.inputs.items() if isinstance(value, Secret)}
        leaking = {name for name in hidden & new.outputs.keys() if not isinstance(new.outputs[name], Secret)}
        if leaking:
            new.outputs = PropertyMap(
                {name: Secret(value) if name in leaking else value for name, value in new.outputs.items()}
            )
        with self._deployment.lock:
            self._deployment.record.news[new.urn] = new


def step_of(plan: Plan) -> Step:
    """What is told about a planned step."""
    return step_for(plan.op, plan.new, plan.changed, plan.replaced_by)


def step_for(
    operation: StepOp, state: ResourceState, changed: tuple[str, ...] = (), replaced_by: tuple[str, ...] = ()
) -> Step:
    """What is told about doing something to a resource."""
    return Step(
        op=operation,
        urn=state.urn,
        type=state.type,
        name=urns.name_of(state.urn),
        parent=state.parent,
        id=state.id,
        changed=changed,
        replaced_by=replaced_by,
    )
