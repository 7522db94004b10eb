"""What the program asks for, one resource at a time: registered, read, given its outputs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from falaj.engine import urn as urns
from falaj.engine.aliases import FormerNames
from falaj.engine.analyzers import Analyzer
from falaj.engine.callbacks import Callbacks, Hooks
from falaj.engine.deletion import Cascade
from falaj.engine.deployment import Deployment, ResourceError
from falaj.engine.events import Step, StepOp
from falaj.engine.executor import Executor, step_for
from falaj.engine.goal import Completion, Goal, Outcome
from falaj.engine.planner import Plan, Planner
from falaj.engine.provider import ProviderError
from falaj.engine.provider_registry import INTERNAL, ProviderRegistry
from falaj.engine.resource_state import ResourceState, now
from falaj.engine.values import PropertyMap, Secret, Value, contains_unknown
from falaj.engine.wire import UNKNOWN_TEXT


@dataclass(frozen=True, slots=True)
class ReadGoal:
    """A resource that the program looks up."""

    type: str
    """Its type."""

    name: str
    """Its logical name."""

    id: str
    """The provider's identifier."""

    provider: str
    """Reference of its provider."""

    parent: str = ""
    """URN of the resource it belongs to."""

    properties: PropertyMap = field(default_factory=PropertyMap)
    """What helps to find it."""

    dependencies: tuple[str, ...] = ()
    """URNs it is read after."""

    additional_secret_outputs: tuple[str, ...] = ()
    """Outputs that must stay hidden."""


class Registrations:
    """Takes what the program asks for and answers once it is done; safe to call from many threads."""

    def __init__(
        self,
        deployment: Deployment,
        registry: ProviderRegistry,
        analyzers: Callable[[], Sequence[Analyzer]],
        callbacks: Callbacks,
    ) -> None:
        self.deployment = deployment
        self.registry = registry
        self.hooks = Hooks(deployment, callbacks)
        self.names = FormerNames(deployment)
        self.planner = Planner(deployment, registry, analyzers, self.names)
        self.executor = Executor(deployment, registry, self.hooks)
        self._cascade = Cascade(deployment, registry, self.planner)
        self._defaults: dict[tuple[str, str], Future[str]] = {}
        self._plans: dict[str, Plan] = {}
        self._deciding = threading.Lock()
        self._stack_outputs: PropertyMap | None = None

    def register(self, goal: Goal) -> Outcome:
        """Bring one resource to where the program wants it."""
        deployment = self.deployment
        urn = deployment.target.urn(goal.parent, goal.type, goal.name)
        unknown = ResourceState(urn=urn, type=goal.type, custom=goal.custom)
        try:
            self._claim(urn, goal.parent)
            old, alias = self.names.find(urn, goal)
            new = goal.state(urn, old, alias)
            if self._is_left_out(new):
                return Outcome(unknown, Completion.SKIPPED)
            if alias and urns.is_provider_type(goal.type):
                self.registry.alias(urn, alias)
            plan = self.planner.plan(goal, new, old)
            if plan.delete_first and old is not None:
                with self._deciding:
                    plan.dependents = self._cascade.dependents(old)
            self._plans[urn] = plan
            return Outcome(self.executor.execute(plan))
        except ResourceError as failure:
            deployment.fail(urn, failure)
            return Outcome(unknown, Completion.FAILED)

    def read(self, goal: ReadGoal) -> Outcome:
        """Look a resource up that others own."""
        deployment = self.deployment
        urn = deployment.target.urn(goal.parent, goal.type, goal.name)
        new = ResourceState(
            urn=urn,
            type=goal.type,
            custom=True,
            id=goal.id,
            inputs=goal.properties,
            parent=goal.parent,
            provider=goal.provider,
            dependencies=sorted(goal.dependencies),
            external=True,
            additional_secret_outputs=list(goal.additional_secret_outputs),
        )
        try:
            self._claim(urn, goal.parent)
            if self._is_left_out(new):
                return Outcome(new, Completion.SKIPPED)
            old = deployment.olds.get(urn)
            deployment.perform(step_for(StepOp.READ, new), lambda: self._read(new, old))
        except ResourceError as failure:
            deployment.fail(urn, failure)
            return Outcome(new, Completion.FAILED)
        return Outcome(new)

    def _read(self, new: ResourceState, old: ResourceState | None) -> Step:
        provider = self.planner.provider_of(new)
        if provider is None or not new.id:
            raise ResourceError("it can not be read without an identifier")
        if new.id != UNKNOWN_TEXT:
            with self.deployment.slots:
                try:
                    found = provider.read(new.urn, new.id, new.inputs)
                except ProviderError as error:
                    raise ResourceError.of(error) from error
            if found is None:
                raise ResourceError(f"there is no {new.type} with the identifier {new.id}")
            new.id, new.outputs = found
        if old is not None:
            new.created, new.modified = old.created, old.modified
        if old is not None and old.outputs != new.outputs:
            new.modified = now()
        self.executor.settle(new)
        if old is not None and not old.external and old.id != new.id:
            old.pending_deletion = True
            self.deployment.journal.finish(add=new, touched=old)
        else:
            self.deployment.journal.finish(add=new, remove=old)
        return step_for(StepOp.READ, new)

    def register_outputs(self, urn: str, outputs: PropertyMap) -> None:
        """Record a component's outputs; the stack's own wait for the end."""
        if urn == self.deployment.target.root_urn:
            self._stack_outputs = outputs
            return
        with self.deployment.lock:
            state = self.deployment.record.news.get(urn)
        if state is None:
            return
        if state.outputs != outputs:
            state.outputs = outputs
            self.deployment.journal.changed(state)
        plan = self._plans.get(urn)
        kinds = {StepOp.CREATE: "AfterCreate", StepOp.REPLACE: "AfterCreate", StepOp.UPDATE: "AfterUpdate"}
        if plan is not None and plan.op in kinds:
            try:
                self.hooks.run(kinds[plan.op], plan.old, state)
            except ResourceError as failure:
                self.deployment.fail(urn, failure)

    def finish_stack(self) -> PropertyMap:
        """Record the stack's outputs. After a failure, what is not known now keeps its old value."""
        deployment = self.deployment
        with deployment.lock:
            root = deployment.record.news.get(deployment.target.root_urn)
        outputs = self._stack_outputs
        if root is None or outputs is None:
            return root.outputs if root else PropertyMap()
        if deployment.has_failed():
            known = {name: value for name, value in outputs.items() if not contains_unknown(value)}
            old = deployment.olds.get(root.urn)
            outputs = PropertyMap({**(old.outputs if old else {}), **known})
        if root.outputs != outputs:
            root.outputs = outputs
            deployment.journal.changed(root)
        return outputs

    def default_provider(self, package: str, version: str) -> str:
        """Reference of the provider for resources that name none, made when first asked for."""
        key = (package, version)
        with self.deployment.lock:
            made = self._defaults.get(key)
            if made is None:
                mine: Future[str] = Future()
                self._defaults[key] = mine
        if made is not None:
            return made.result()
        try:
            reference = self._make_default_provider(package, version)
        except BaseException as error:
            mine.set_exception(error)
            raise
        mine.set_result(reference)
        return reference

    def _make_default_provider(self, package: str, version: str) -> str:
        settings = self.deployment.target.settings.of_package(package)
        inputs: dict[str, Value] = {
            name: Secret(value) if hidden else value for name, (value, hidden) in settings.items()
        }
        if version:
            inputs |= {"version": version, INTERNAL: {}}
        name = f"default_{version.replace('.', '_').replace('-', '_').replace('+', '_')}" if version else "default"
        goal = Goal(urns.PROVIDER_PREFIX + package, name, custom=True, properties=PropertyMap(inputs))
        outcome = self.register(goal)
        if outcome.completion is not Completion.SUCCEEDED:
            raise ResourceError(f"the default provider of {package} failed")
        return outcome.state.reference

    def find(self, urn: str) -> ResourceState | None:
        """The resource with this URN, if this pass has registered or read it."""
        with self.deployment.lock:
            return self.deployment.record.news.get(urn)

    def asked(self) -> tuple[ResourceState, ...]:
        """Every resource asked for or read, with the inputs and aliases that the program gave, in the order it did."""
        with self.deployment.lock:
            states = list(self.deployment.record.news.values())
        return tuple(self._as_asked(state) for state in states)

    def _as_asked(self, state: ResourceState) -> ResourceState:
        plan = self._plans.get(state.urn)
        if plan is None:
            return state
        return replace(state, inputs=plan.goal.properties, aliases=self.names.candidates(plan.goal))

    def _claim(self, urn: str, parent: str) -> None:
        with self.deployment.lock:
            claimed = self.deployment.record.claimed
            if urn in claimed:
                raise ResourceError("another resource has the same URN already; give one of the two another name")
            if parent and parent not in claimed:
                raise ResourceError(f"its parent {parent} is not registered")
            claimed.add(urn)

    def _is_left_out(self, new: ResourceState) -> bool:
        if not self.deployment.broken_dependency(new.depends_on()):
            return False
        self.deployment.skip(new.urn)
        return True
