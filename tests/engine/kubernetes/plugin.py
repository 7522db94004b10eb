"""The provider as an engine meets it: over gRPC, on a loopback port."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import struct_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from falaj.engine.kubernetes.service import KubernetesProvider
from falaj.engine.kubernetes.values import Json, decode, encode

LARGEST = [("grpc.max_receive_message_length", 400 << 20), ("grpc.absolute_max_metadata_size", 64 << 20)]


def urn_of(token: str, name: str) -> str:
    return f"urn:pulumi:test::falaj::{token}::{name}"


@dataclass(frozen=True)
class Refusal:
    """What an engine learns of a call that failed."""

    text: str
    code: str
    facts: Mapping[str, str]
    partial: provider_pb2.ErrorResourceInitFailed | None

    @classmethod
    def of(cls, error: grpc.RpcError) -> Refusal:
        metadata: Json = error.trailing_metadata() or ()
        status = status_pb2.Status.FromString(dict(metadata)["grpc-status-details-bin"])
        told, partial = struct_pb2.Struct(), None
        assert status.details[0].Unpack(told)
        for detail in status.details[1:]:
            partial = provider_pb2.ErrorResourceInitFailed()
            assert detail.Unpack(partial)
        facts = decode(told)
        return cls(error.details() or "", facts["code"], facts, partial)


class RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


class Plugin:
    """Calls the provider the way an engine does."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.stub = provider_pb2_grpc.ResourceProviderStub(channel)

    def _call(self, method: str, request: Message) -> Json:
        try:
            return getattr(self.stub, method)(request)
        except grpc.RpcError as error:
            raise RefusedError(Refusal.of(error)) from None

    def configure(self, **settings: Json) -> provider_pb2.ConfigureResponse:
        request = provider_pb2.ConfigureRequest(args=encode(settings), acceptSecrets=True)
        answer: provider_pb2.ConfigureResponse = self._call("Configure", request)
        return answer

    def check(
        self, token: str, name: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, str]]:
        urn = urn_of(token, name)
        request = provider_pb2.CheckRequest(
            urn=urn,
            olds=encode(olds or {}),
            news=encode(news),
            name=name,
            type=token,
            randomSeed=hashlib.sha256(urn.encode()).digest(),
        )
        answer = self._call("Check", request)
        return decode(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def create(
        self, token: str, name: str, inputs: Mapping[str, Any], *, preview: bool = False, timeout: float = 0
    ) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(
            urn=urn_of(token, name), properties=encode(inputs), preview=preview, timeout=timeout
        )
        answer = self._call("Create", request)
        return answer.id, decode(answer.properties)

    def diff(
        self, token: str, name: str, resource_id: str, outputs: Mapping[str, Any], news: Mapping[str, Any], **more: Json
    ) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            id=resource_id,
            urn=urn_of(token, name),
            olds=encode(outputs),
            news=encode(news),
            old_inputs=encode(more.pop("old_inputs", outputs.get("__inputs", {}))),
            **more,
        )
        answer: provider_pb2.DiffResponse = self._call("Diff", request)
        return answer

    def update(
        self, token: str, name: str, resource_id: str, outputs: Mapping[str, Any], news: Mapping[str, Any], **more: Json
    ) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            id=resource_id,
            urn=urn_of(token, name),
            olds=encode(outputs),
            news=encode(news),
            old_inputs=encode(outputs["__inputs"]),
            **more,
        )
        return decode(self._call("Update", request).properties)

    def read(
        self,
        token: str,
        name: str,
        resource_id: str,
        outputs: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        request = provider_pb2.ReadRequest(
            id=resource_id, urn=urn_of(token, name), properties=encode(outputs or {}), inputs=encode(inputs or {})
        )
        answer = self._call("Read", request)
        return answer.id, decode(answer.properties), decode(answer.inputs)

    def delete(
        self, token: str, name: str, resource_id: str, outputs: Mapping[str, Any], *, timeout: float = 0
    ) -> None:
        request = provider_pb2.DeleteRequest(
            id=resource_id, urn=urn_of(token, name), properties=encode(outputs), timeout=timeout
        )
        self._call("Delete", request)


@contextmanager
def serving(engine_address: str = "", *, patience: float = 60.0) -> Iterator[Plugin]:
    """Serve the provider on a loopback port and give the engine's side of it."""
    server = grpc.server(futures.ThreadPoolExecutor(16), options=LARGEST)
    provider = KubernetesProvider(engine_address, patience=patience)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=LARGEST) as channel:
        yield Plugin(channel)
    server.stop(None).wait()
    provider.close()
