"""A strict stand-in for Pulumi's resource monitor: what it is told, as a plan that tests can read.

Pulumi's own mock monitor makes URNs that no engine makes, takes the same name twice, forgets parents, and treats what a
provider left out as None. This one makes real URNs, refuses duplicates and unknown parents, leaves what only a server
can know unknown in a preview, and has the stand-in check and answer every resource of a cloud.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias, cast

import pulumi
import pulumi.resource
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks, rpc, set_mocks
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import ROOT, SETTINGS
from pulumi.runtime.stack import Stack, run_pulumi_func

from falaj.engine.runtime_savings import spare_the_runtime
from falaj.standin.account import Account
from falaj.standin.answers import answer, named_inputs
from falaj.standin.check import failures
from falaj.standin.functions import invoke
from falaj.standin.library import package_of
from tests.fakes.cloud import is_cloud

spare_the_runtime()  # as the engine's own runner of programs does
# The SDK works out the URN of every alias for engines that know URNs alone, four fifths of a program's time where each
# resource has an alias for every version of Azure's interface. This monitor takes aliases as they were given.
vars(pulumi.resource)["collapse_alias_to_urn"] = lambda alias, *_: alias

STACK_TYPE = "pulumi:pulumi:Stack"
SPECIAL = "4dabf18193072939515e22adb298388d"

Request: TypeAlias = resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest
JsonValue: TypeAlias = Any

Answer = Callable[[str, dict[str, Any]], dict[str, Any]]
"""What a server adds to an object: by type token and inputs."""


@dataclass
class Registration:
    """One resource as the engine sees it."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    read: bool
    inputs: dict[str, Any]
    provider: str
    dependencies: tuple[str, ...]
    protect: bool
    aliases: tuple[str, ...]
    outputs: dict[str, Any] | None = None


@dataclass
class Plan:
    """Everything a program registered."""

    resources: dict[str, Registration] = field(default_factory=dict)

    def of(self, type_token: str, name: str) -> Registration:
        """The one resource of that type and logical name."""
        (found,) = [each for each in self.resources.values() if (each.type, each.name) == (type_token, name)]
        return found

    def typed(self, type_token: str) -> list[Registration]:
        """Every resource of that type, in URN order."""
        return [self.resources[urn] for urn in sorted(self.resources) if self.resources[urn].type == type_token]

    @property
    def exports(self) -> dict[str, Any]:
        """What the program exported."""
        (stack,) = self.typed(STACK_TYPE)
        return stack.outputs or {}


class StrictMonitor(mocks.MockMonitor):
    """Records registrations; raises where a real engine would refuse them."""

    def __init__(self, answer: Answer, *, preview: bool) -> None:
        super().__init__(_NoMocks())
        self.plan = Plan()
        self._answer = answer
        self._preview = preview

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        qualified = parent.split("::")[2] if parent else STACK_TYPE
        chain = type_ if qualified == STACK_TYPE else f"{qualified}${type_}"
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{chain}::{name}"

    def RegisterResource(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self._record(request, request.object, custom=request.custom, read=False)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if is_cloud(request.type):
            identity, state = self._in_the_cloud(self.plan.resources[urn])
            return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=_struct(state))
        state = self._state(request.type, self.plan.resources[urn].inputs, read=False)
        identity = rpc.UNKNOWN if self._preview else f"{request.name}-id"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=_struct(state))

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802 - the protocol's name
        urn = self._record(request, request.properties, custom=True, read=True)
        self.plan.resources[urn].inputs["id"] = request.id
        state = self._state(request.type, self.plan.resources[urn].inputs, read=True)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=_struct(state))

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802 - the protocol's name
        registration = self.plan.resources[request.urn]
        assert registration.outputs is None, f"{request.urn} registered its outputs twice"
        registration.outputs = _plain(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - the protocol's name
        if not is_cloud(request.tok):
            raise AssertionError(f"the program called {request.tok}, which no test expects")
        state = invoke(request.tok, _plain(request.args), self._account(request.provider.rpartition("::")[0]))
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").update(state)
        return response

    def _in_the_cloud(self, registration: Registration) -> tuple[str, dict[str, Any]]:
        """The id and state of a cloud's resource; raises where its provider would refuse the inputs."""
        refused = failures(package_of(registration.type), registration.type, registration.inputs)
        if refused:
            reasons = "".join(f"\n  {each.property}: {each.reason}" for each in refused)
            raise AssertionError(f"{registration.urn} would be refused:{reasons}")
        if registration.type.startswith("pulumi:providers:"):
            return rpc.UNKNOWN if self._preview else f"{registration.name}-id", registration.inputs
        made = answer(
            registration.type,
            registration.urn,
            named_inputs(registration.type, registration.urn, registration.inputs),
            self._account(registration.provider),
            preview=self._preview,
        )
        own = {} if self._preview else self._answer(registration.type, registration.inputs)
        return made.identifier, {**made.outputs, **own}

    def _account(self, provider: str) -> Account:
        return Account.of(self.plan.resources[provider].inputs if provider else {})

    def _record(self, request: Request, properties: struct_pb2.Struct, *, custom: bool, read: bool) -> str:
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.plan.resources:
            raise AssertionError(f"two resources with one URN: {urn}")
        if request.parent and request.parent not in self.plan.resources:
            raise AssertionError(f"{urn} has a parent nobody registered: {request.parent}")
        self.plan.resources[urn] = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            custom=custom,
            read=read,
            inputs=_plain(properties),
            provider=request.provider.rpartition("::")[0],
            dependencies=tuple(sorted(request.dependencies)),
            protect=getattr(request, "protect", False),
            aliases=()
            if isinstance(request, resource_pb2.ReadResourceRequest)
            else tuple(alias.urn or alias.spec.type or alias.spec.name for alias in request.aliases),
        )
        return urn

    def _state(self, type_token: str, inputs: dict[str, Any], *, read: bool) -> dict[str, Any]:
        """What the provider gives back; in a preview what only the server knows is unknown, not None."""
        known = {key: value for key, value in inputs.items() if key != "id"}
        if self._preview and not (read and inputs["id"] != rpc.UNKNOWN):
            return known
        return {**known, **self._answer(type_token, inputs)}


class _NoMocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> NoReturn:
        raise AssertionError(f"{args.token} did not pass through the strict monitor")

    def new_resource(self, args: mocks.MockResourceArgs) -> NoReturn:
        raise AssertionError(f"{args.name} did not pass through the strict monitor")


def run_program(
    program: Callable[[], None],
    *,
    answer: Answer,
    preview: bool,
    stack: str,
    config: Mapping[str, str] | None = None,
) -> Plan:
    """Run a program to its end, in a thread with a loop and settings of its own, and return what it registered."""

    def isolated() -> Plan:
        monitor = StrictMonitor(answer, preview=preview)
        asyncio.set_event_loop(loop := asyncio.new_event_loop())
        try:
            ROOT.set(cast("pulumi.Resource", object()))  # so that set_mocks registers no stack of its own
            set_mocks(
                mocks=_NoMocks(),
                project="falaj",
                organization="organization",
                stack=stack,
                preview=preview,
                monitor=monitor,
            )
            set_all_config(dict(config or {}), [])
            ROOT.set(None)
            loop.run_until_complete(run_pulumi_func(lambda: _stack(program)))
        finally:
            _cancel_what_is_left(loop)
            loop.close()
            asyncio.set_event_loop(None)
        return monitor.plan

    with ThreadPoolExecutor(max_workers=1) as thread:
        plan = thread.submit(isolated).result()
    for registration in plan.resources.values():
        assert registration.custom or registration.outputs is not None, f"{registration.urn} registered no outputs"
    return plan


@contextmanager
def programs() -> Iterator[Callable[..., Plan]]:
    """Yields `run_program`; afterwards frees what failed programs left behind.

    Left to the collector, their futures are finalised whenever it runs; inside `ast.parse` that is a SystemError of
    CPython's own ("AST constructor recursion depth mismatch"). What lives on, such as SDKs, is not looked at again.
    """
    failures = 0

    def run(*arguments: Any, **options: Any) -> Plan:  # noqa: ANN401 - those of run_program
        nonlocal failures
        try:
            return run_program(*arguments, **options)
        except BaseException:
            failures += 1
            raise

    yield run
    if failures:
        gc.collect()
        gc.freeze()


def _cancel_what_is_left(loop: asyncio.AbstractEventLoop) -> None:
    """After a failure, let no registration outlive its program."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    SETTINGS.rpc_manager.clear()
    SETTINGS.outputs.clear()


def _stack(program: Callable[[], None]) -> None:
    Stack(program)


def _struct(state: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(state, struct_pb2.Struct())


def _plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = _integers(json_format.MessageToDict(properties))
    return plain


def _integers(value: JsonValue) -> Any:  # noqa: ANN401 - a JSON value
    """The same value with whole numbers as integers; the wire knows only floats. Secrets are refused: we hold none."""
    if isinstance(value, dict):
        assert SPECIAL not in value, f"a secret or reference crossed the wire: {json.dumps(value)}"
        return {key: _integers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_integers(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
