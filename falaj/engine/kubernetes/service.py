"""The provider as gRPC serves it: each call is decoded, carried out, and answered or refused."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from typing_extensions import override

from falaj.engine.kubernetes import comparison, configuration, reading, releases
from falaj.engine.kubernetes.check import check
from falaj.engine.kubernetes.cluster import Cluster
from falaj.engine.kubernetes.configuration import Settings
from falaj.engine.kubernetes.engine_log import EngineLog
from falaj.engine.kubernetes.errors import DETAILS_KEY, ApiError, refused, status_details
from falaj.engine.kubernetes.lifecycle import Lifecycle
from falaj.engine.kubernetes.presence import Presence
from falaj.engine.kubernetes.removal import Remover
from falaj.engine.kubernetes.values import decode, encode
from falaj.engine.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from falaj.errors import ClusterError, ConfigurationError, FalajError

_Answer = TypeVar("_Answer")
_Request = TypeVar("_Request")
_Method = Callable[["KubernetesProvider", _Request, grpc.ServicerContext], _Answer]
_Diff = provider_pb2.DiffResponse


def _refusing(method: _Method[_Request, _Answer]) -> _Method[_Request, _Answer]:
    """Turn an error that a user can mend into a gRPC status with its details."""

    @functools.wraps(method)
    def answered(self: KubernetesProvider, request: _Request, context: grpc.ServicerContext) -> _Answer:
        refusal: FalajError
        try:
            return method(self, request, context)
        except FalajError as error:
            refusal = error
        except ApiError as error:
            refusal = refused(getattr(request, "urn", "") or "provider kubernetes", "What was asked for", error)
        context.set_trailing_metadata(((DETAILS_KEY, status_details(refusal)),))
        raise context.abort(grpc.StatusCode.UNKNOWN, str(refusal))  # abort never returns

    return answered


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves Pulumi's ResourceProvider protocol for one cluster. Refuses whatever it does not know."""

    def __init__(self, engine_address: str = "", *, patience: float = 60.0) -> None:
        self._log = EngineLog(engine_address)
        self._patience = patience
        self._configure(Settings())

    def close(self) -> None:
        """Close the connections to the cluster and to the engine."""
        self._cluster.close()
        self._log.close()

    def _configure(self, settings: Settings) -> None:
        """Start a run: what the last one planned is forgotten, the connection is kept where it leads to the same.

        A cancellation is forgotten too: the Pulumi CLI cancels a provider it is attached to at the end of the preview.
        """
        self._cancelled = threading.Event()
        former = getattr(self, "_cluster", None)
        self._cluster = Cluster(settings, former)
        self._presence = Presence(self._cluster)
        self._lifecycle = Lifecycle(self._cluster, self._log, self._cancelled, self._patience)
        self._remover = Remover(self._cluster, self._log, self._cancelled)

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
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    @override
    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """Give the version: the SDK's, whose programs it serves."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi-kubernetes"))

    @override
    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        """Give a schema without types: every kind of the cluster is served, known or not."""
        version = importlib.metadata.version("pulumi-kubernetes")
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "kubernetes", "version": version}))

    @override
    def GetMapping(
        self, request: provider_pb2.GetMappingRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetMappingResponse:
        """Give no mapping from another tool."""
        return provider_pb2.GetMappingResponse()

    @override
    @_refusing
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        """Refuse settings this provider can't honour."""
        found = configuration.failures(decode(request.news))
        failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in found.items()]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    @override
    @_refusing
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> _Diff:
        """Tell whether the provider leads to another cluster now, in which case all it made must be replaced."""
        olds = request.old_inputs if request.HasField("old_inputs") else request.olds
        changed, replaces = configuration.differences(decode(olds), decode(request.news))
        changes = _Diff.DIFF_SOME if changed else _Diff.DIFF_NONE
        return _Diff(changes=changes, diffs=changed, replaces=replaces)

    @override
    @_refusing
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        """Take in the settings; refuses a kubeconfig that leads nowhere. The cluster is contacted when it is needed."""
        given: dict[str, Any] = decode(request.args) if request.HasField("args") else {}
        for name, value in request.variables.items():
            given.setdefault(name.removeprefix("kubernetes:config:"), value)
        refused = configuration.failures(given)
        for name, reason in refused.items():
            raise ConfigurationError(reason, code="FAL-K8S-009", where=f"provider, {name}", hint=f"leave {name} out.")
        settings = Settings.parse(given)
        self._configure(settings)
        if settings.kubeconfig and not self._cluster.is_offline:
            configuration.load(settings)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @override
    @_refusing
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        """Complete the inputs of a resource."""
        if releases.is_release(request.urn):
            return releases.check(request)
        inputs, failures = check(request, self._cluster)
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    @override
    @_refusing
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> _Diff:
        """Tell what changed and whether it can be changed in place."""
        if releases.is_release(request.urn):
            return releases.diff(request)
        return comparison.answer(request, self._cluster, self._presence)

    @override
    @_refusing
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        """Make an object and wait until it is ready, or preview that."""
        inputs = decode(request.properties)
        if releases.is_release(request.urn):
            return provider_pb2.CreateResponse(properties=encode(_previewed(request, inputs)))
        if request.preview:
            outputs = self._lifecycle.preview_create(request.urn, inputs)
            return provider_pb2.CreateResponse(properties=encode(outputs))
        made, outputs = self._lifecycle.create(request.urn, inputs, request.timeout)
        return provider_pb2.CreateResponse(id=made, properties=encode(outputs))

    @override
    @_refusing
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        """Change an object in place and wait until it is ready, or preview that."""
        state, inputs, ignored = decode(request.olds), decode(request.news), list(request.ignoreChanges)
        if releases.is_release(request.urn):
            outputs = _previewed(request, inputs)
        elif request.preview:
            outputs = self._lifecycle.preview_update(request.urn, inputs, state, ignored)
        else:
            outputs = self._lifecycle.update(request.urn, inputs, state, ignored, request.timeout)
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    @override
    @_refusing
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        """Read a live object; an empty id says that there is none."""
        if self._cluster.is_offline or releases.is_release(request.urn):
            return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
        state, inputs = decode(request.properties), decode(request.inputs)
        try:
            found = reading.read(self._cluster, request.urn, request.id, state, inputs)
        except ClusterError:
            if self._cluster.settings.delete_unreachable:
                return provider_pb2.ReadResponse()
            raise
        if found is None:
            return provider_pb2.ReadResponse()
        outputs, current = found
        return provider_pb2.ReadResponse(id=request.id, properties=encode(outputs), inputs=encode(current))

    @override
    @_refusing
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Delete an object and wait until it is gone."""
        if releases.is_release(request.urn):
            releases.refuse(request.urn)
        state = _with_inputs(decode(request.properties), decode(request.old_inputs))
        try:
            self._remover.remove(request.urn, request.id, state, request.timeout)
        except ClusterError:
            if not self._cluster.settings.delete_unreachable:
                raise
        return empty_pb2.Empty()

    @override
    @_refusing
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        """Refuse every function: the SDK's are all for YAML, Helm and Kustomize."""
        raise ConfigurationError(
            f"The embedded engine does not know the function {request.tok}.",
            code="FAL-K8S-030",
            where=request.tok,
            hint="write the objects as resources, or use the Pulumi CLI for YAML, Helm and Kustomize.",
        )

    @override
    @_refusing
    def Construct(
        self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        """Refuse every component: the SDK's are all for YAML, Helm and Kustomize."""
        raise ConfigurationError(
            f"The embedded engine does not know the component {request.type}.",
            code="FAL-K8S-031",
            where=request.name,
            hint="write the objects as resources, or use the Pulumi CLI for YAML, Helm and Kustomize.",
        )

    @override
    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """End every wait; what was waited for is reported as it stands."""
        self._cancelled.set()
        return empty_pb2.Empty()


def _previewed(
    request: provider_pb2.CreateRequest | provider_pb2.UpdateRequest, inputs: dict[str, Any]
) -> dict[str, Any]:
    return releases.preview(inputs) if request.preview else releases.refuse(request.urn)


def _with_inputs(state: dict[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    return state if "__inputs" in state or not inputs else {**state, "__inputs": dict(inputs)}
