"""A Kubernetes provider without a cluster: every object is ready as soon as it is asked for, with what a server adds.

Run as a plugin, ``python -m tests.fakes.kubernetes_provider``, where a test deploys whole stacks through the engine.
What can not be changed in place is the real provider's own table.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from typing_extensions import override

from falaj.engine import urn as urns
from falaj.engine.kubernetes.diff import Change, compare, ignore
from falaj.engine.kubernetes.immutable import immutable
from falaj.engine.kubernetes.kinds import GroupKind, TypeToken, group_of
from falaj.engine.plugin_server import serve_until_stopped
from falaj.engine.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from tests.fakes.cluster import cluster_answer

Diff = provider_pb2.DiffResponse


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Keeps nothing: what exists is what the engine's state says."""

    @override
    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    @override
    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @override
    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="4.34.2")

    @override
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    @override
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Diff:
        old, new = _plain(request.old_inputs), _plain(request.news)
        changed = sorted(name for name in {**old, **new} if old.get(name) != new.get(name))
        moved = [name for name in changed if name == "clusterIdentifier"]
        return Diff(changes=Diff.DIFF_SOME if changed else Diff.DIFF_NONE, diffs=changed, replaces=moved)

    @override
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @override
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    @override
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Diff:
        found = ignore(_changes(request), request.ignoreChanges)
        return Diff(
            changes=Diff.DIFF_SOME if found else Diff.DIFF_NONE,
            diffs=sorted({str(change.path[0]) for change in found}),
            replaces=[change.text for change in found if change.replaces],
            deleteBeforeReplace=any(change.replaces for change in found),
        )

    @override
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        outputs = _answered(urns.type_of(request.urn), request.properties, preview=request.preview)
        return provider_pb2.CreateResponse(id="" if request.preview else urns.name_of(request.urn), properties=outputs)

    @override
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        outputs = _answered(urns.type_of(request.urn), request.news, preview=False)
        return provider_pb2.UpdateResponse(properties=outputs)

    @override
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        outputs = _answered(urns.type_of(request.urn), request.properties, preview=False)
        return provider_pb2.ReadResponse(id=request.id, properties=outputs, inputs=request.inputs)

    @override
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    @override
    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()


def _changes(request: provider_pb2.DiffRequest) -> list[Change]:
    token = TypeToken.parse(urns.type_of(request.urn))
    kind = GroupKind(group_of(token.api_version), token.kind)
    rules = immutable(kind, frozen=False, secret_mutable=False, config_map_mutable=False)
    return compare(_plain(request.old_inputs), _plain(request.news), rules)


def _answered(type_token: str, inputs: struct_pb2.Struct, *, preview: bool) -> struct_pb2.Struct:
    """The inputs and, once it exists, what the server and its controllers add."""
    outputs = struct_pb2.Struct()
    outputs.CopyFrom(inputs)
    if not preview:
        outputs.update(cluster_answer(type_token, _plain(inputs)))
    return outputs


def _plain(properties: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(properties)


if __name__ == "__main__":
    serve_until_stopped(KubernetesProvider())
