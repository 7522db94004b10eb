"""The stand-in as gRPC serves it, for the embedded engine and for Pulumi's own."""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from typing_extensions import override

from falaj.engine import urn as urns
from falaj.engine.kubernetes.engine_log import EngineLog
from falaj.engine.kubernetes.errors import DETAILS_KEY, NotReadyError, Partial, status_details
from falaj.engine.kubernetes.values import decode, encode, secret
from falaj.engine.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from falaj.errors import FalajError
from falaj.standin.account import Account
from falaj.standin.answers import Answer, answer, named_inputs, updated
from falaj.standin.check import Failure, failures
from falaj.standin.differences import difference
from falaj.standin.faults import VARIABLE, Faults
from falaj.standin.functions import invoke
from falaj.standin.library import resource_type
from falaj.standin.sdk import sdk

_Answer = TypeVar("_Answer")
_Request = TypeVar("_Request")
_Method = Callable[["StandIn", _Request, grpc.ServicerContext], _Answer]
_Diff = provider_pb2.DiffResponse
_REPLACING_SETTINGS = ("region", "subscriptionId", "tenantId")


def _refusing(method: _Method[_Request, _Answer]) -> _Method[_Request, _Answer]:
    """Turn an error that a user can mend into a gRPC status with its details."""

    @functools.wraps(method)
    def answered(self: StandIn, request: _Request, context: grpc.ServicerContext) -> _Answer:
        refusal: FalajError
        try:
            return method(self, request, context)
        except FalajError as error:
            refusal = error
        context.set_trailing_metadata(((DETAILS_KEY, status_details(refusal)),))
        raise context.abort(grpc.StatusCode.UNKNOWN, str(refusal))  # abort never returns

    return answered


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """Serves Pulumi's ResourceProvider protocol for one package. Creates nothing, sends nothing, asks nobody."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._version = sdk(package).version
        self._log = EngineLog()
        self._account = Account()
        self._faults = Faults.parse(os.environ.get(VARIABLE, ""))
        self._cancelled = threading.Event()

    @property
    def announcement(self) -> str:
        """What a user has to know of every answer."""
        return f"stand-in for {self._package} {self._version}: no credentials, no network, nothing is created"

    def close(self) -> None:
        """Close the connection to the engine."""
        self._log.close()

    @override
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Take note of the engine that uses this running provider."""
        self._log.connect(request.address)
        return empty_pb2.Empty()

    @override
    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        """Agree on what is sent: secrets are, resource references and output values are not."""
        self._log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @override
    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Give the version: the SDK's, whose programs it serves."""
        return plugin_pb2.PluginInfo(version=self._version)

    @override
    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Give a schema without types: those are read from the SDK."""
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self._package, "version": self._version}))

    @override
    @_refusing
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse settings that the provider does not have, and a region outside the country."""
        found = failures(self._package, f"pulumi:providers:{self._package}", decode(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_on_the_wire(found))

    @override
    @_refusing
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> _Diff:
        """Tell whether the provider works elsewhere now, in which case all it made must be replaced."""
        old = decode(request.old_inputs if request.HasField("old_inputs") else request.olds)
        new = decode(request.news)
        changed = sorted(name for name in {**old, **new} if old.get(name) != new.get(name) and name != "version")
        return _Diff(
            changes=_Diff.DIFF_SOME if changed else _Diff.DIFF_NONE,
            diffs=changed,
            replaces=[name for name in changed if name in _REPLACING_SETTINGS],
        )

    @override
    @_refusing
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Take in the settings; a cancellation of the last run is forgotten."""
        prefix = f"{self._package}:config:"
        given: dict[str, Any] = {name.removeprefix(prefix): value for name, value in request.variables.items()}
        self._account = Account.of({**given, **decode(request.args)})
        self._cancelled = threading.Event()
        self._log.warn(request.urn, self.announcement)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @override
    @_refusing
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Refuse what the real provider would refuse; name what is not named."""
        token, given = urns.type_of(request.urn), decode(request.news)
        found = failures(self._package, token, given)
        inputs = named_inputs(token, request.urn, given, decode(request.olds))
        return provider_pb2.CheckResponse(
            inputs=request.news if inputs == given else encode(inputs), failures=_on_the_wire(found)
        )

    @override
    @_refusing
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> _Diff:
        """Tell what changed and whether it can be changed in place."""
        token, old, new = urns.type_of(request.urn), decode(request.old_inputs), decode(request.news)
        found = difference(token, request.urn, old, new)
        kinds = provider_pb2.PropertyDiff
        detailed = {
            path: kinds(kind=kinds.UPDATE_REPLACE if path in found.replacing else kinds.UPDATE, inputDiff=True)
            for path in found.changed
        }
        return _Diff(
            changes=_Diff.DIFF_SOME if found.changed else _Diff.DIFF_NONE,
            diffs=_top(found.changed),
            replaces=_top(found.replacing),
            deleteBeforeReplace=found.delete_first,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    @override
    @_refusing
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Answer as if it had been made, unless a failure was ordered; a preview leaves unknown what a server makes."""
        token, inputs = urns.type_of(request.urn), decode(request.properties)
        if request.preview:
            planned = answer(token, request.urn, inputs, self._account, preview=True)
            return provider_pb2.CreateResponse(properties=encode(_guarded(token, planned.outputs)))
        not_ready = self._faults.strike(self._package, request.urn, self._cancelled)
        made = answer(token, request.urn, inputs, self._account)
        outputs = _guarded(token, made.outputs)
        if not_ready:
            raise _half_made(request.urn, Answer(made.identifier, outputs), not_ready)
        return provider_pb2.CreateResponse(id=made.identifier, properties=encode(outputs))

    @override
    @_refusing
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Answer as if it had been changed; what its server made stays, but for what moves with every change."""
        token, old, new = urns.type_of(request.urn), decode(request.olds), decode(request.news)
        outputs = updated(token, request.urn, old, new, self._account, preview=request.preview)
        if not request.preview:
            not_ready = self._faults.strike(self._package, request.urn, self._cancelled)
            if not_ready:
                raise _half_made(request.urn, Answer(request.id, outputs), not_ready)
        return provider_pb2.UpdateResponse(properties=encode(_guarded(token, outputs)))

    @override
    @_refusing
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Answer as if it existed."""
        token, known = urns.type_of(request.urn), decode(request.properties)
        found = answer(token, request.urn, {**decode(request.inputs), **known}, self._account)
        return provider_pb2.ReadResponse(
            id=request.id, properties=encode({**found.outputs, **known}), inputs=request.inputs
        )

    @override
    @_refusing
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Answer as if it were gone."""
        return empty_pb2.Empty()

    @override
    @_refusing
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Answer the functions that are known; refuse every other by name."""
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").update(invoke(request.tok, decode(request.args), self._account))
        return response

    @override
    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """End every wait."""
        self._cancelled.set()
        return empty_pb2.Empty()


def _on_the_wire(found: list[Failure]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=each.property, reason=each.reason) for each in found]


def _top(paths: tuple[str, ...]) -> list[str]:
    """The properties that paths begin with, each once."""
    return list(dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in paths))


def _guarded(token: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs with those marked secret that the SDK treats so."""
    found = resource_type(token)
    secrets = found.secrets if found is not None else ()
    return {name: secret(value) if name in secrets else value for name, value in outputs.items()}


def _half_made(urn: str, made: Answer, reason: str) -> NotReadyError:
    return NotReadyError(
        f"{made.identifier}: {reason}.",
        code="FAL-STD-012",
        where=urn,
        hint="run the command again: the state knows it, and the next update goes on from there.",
        partial=Partial(made.identifier, made.outputs, [reason]),
    )
