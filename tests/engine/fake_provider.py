"""An in-memory provider served over real gRPC, with a world that outlives the engine that asked it."""

from __future__ import annotations

import threading
import time
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

Request = (
    provider_pb2.CheckRequest
    | provider_pb2.DiffRequest
    | provider_pb2.ConfigureRequest
    | provider_pb2.CreateRequest
    | provider_pb2.UpdateRequest
    | provider_pb2.ReadRequest
    | provider_pb2.DeleteRequest
)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclass
class World:
    """What the fake cloud holds, and every call that was made to it."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    fail: set[str] = field(default_factory=set)
    not_ready: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    described: set[str] = field(default_factory=set)
    slow: dict[str, float] = field(default_factory=dict)
    entered: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        """An empty world without memories."""
        for collection in (self.things, self.calls, self.requests, self.slow):
            collection.clear()
        for names in (self.fail, self.not_ready, self.lost, self.described):
            names.clear()
        self.entered.clear()

    def named(self, call: str) -> list[str]:
        """Names of the resources that a call was made for, in order."""
        return [name for made, name in self.calls if made == call]


def name_of(urn: str) -> str:
    return urn.rpartition("::")[2]


class FakeProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Type ``fake:index:Thing``: echoes its inputs, adds ``serial``; ``kind`` replaces, ``slot`` deletes first."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _note(self, call: str, request: Request) -> str:
        name = name_of(request.urn)
        with self.world.lock:
            self.world.calls.append((call, name))
            self.world.requests.append(request)
        return name

    def CheckConfig(  # noqa: N802 - gRPC
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        del context
        self._note("CheckConfig", request)
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(  # noqa: N802 - gRPC
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        del context
        self._note("DiffConfig", request)
        region = "region" in request.news and request.news["region"] != request.old_inputs["region"]
        same = request.old_inputs == request.news
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME,
            replaces=["region"] if region else [],
        )

    def Configure(  # noqa: N802 - gRPC
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        del context
        self._note("Configure", request)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=False
        )

    def Check(  # noqa: N802 - gRPC
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        del context
        name = self._note("Check", request)
        news = Struct()
        news.CopyFrom(request.news)
        failures = []
        if "refused" in news:
            failures.append(provider_pb2.CheckFailure(property="refused", reason="is not a property of Thing"))
        if "name" not in news:
            news["name"] = request.olds["name"] if "name" in request.olds else f"{name}-{request.randomSeed[:3].hex()}"
        return provider_pb2.CheckResponse(inputs=news, failures=failures)

    def Diff(  # noqa: N802 - gRPC
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        del context
        self._note("Diff", request)
        old, new = MessageToDict(request.old_inputs), MessageToDict(request.news)
        for path in request.ignoreChanges:
            old.pop(path, None)
            new.pop(path, None)
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        changes = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        replaces = [key for key in changed if key in ("kind", "slot", "name")]
        return provider_pb2.DiffResponse(
            changes=changes, diffs=changed, replaces=replaces, deleteBeforeReplace="slot" in changed
        )

    def _refuse(self, name: str, context: grpc.ServicerContext) -> None:
        if name in self.world.fail:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the cloud refuses {name}")
        if name in self.world.described:
            description, detail = Struct(), AnyMessage()
            fields = {"kind": "ClusterError", "code": "FAL-FAK-001", "where": name, "message": "no.", "hint": "yes."}
            description.update(fields)
            detail.Pack(description)
            status = status_pb2.Status(code=3, message="no", details=[detail])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no")

    def _trouble(self, name: str, context: grpc.ServicerContext, identifier: str, properties: Struct) -> None:
        self.world.entered.set()
        time.sleep(self.world.slow.get(name, 0))
        if name in self.world.lost:
            context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")
        if name in self.world.not_ready:
            detail = AnyMessage()
            detail.Pack(
                provider_pb2.ErrorResourceInitFailed(id=identifier, properties=properties, reasons=["no room for it"])
            )
            status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message="not ready", details=[detail])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, "not ready")

    def Create(  # noqa: N802 - gRPC
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        name = self._note("PreviewCreate" if request.preview else "Create", request)
        outputs = Struct()
        outputs.CopyFrom(request.properties)
        if request.preview:
            outputs["serial"] = UNKNOWN
            return provider_pb2.CreateResponse(properties=outputs)
        identifier = str(request.properties["name"])
        self._refuse(name, context)
        with self.world.lock:
            known = self.world.things.get(identifier)
            serial = known["serial"] if known else len(self.world.things) + 1
            self.world.things[identifier] = {**MessageToDict(request.properties), "serial": serial}
        outputs["serial"] = serial
        self._trouble(name, context, identifier, outputs)
        return provider_pb2.CreateResponse(id=identifier, properties=outputs)

    def Update(  # noqa: N802 - gRPC
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        name = self._note("PreviewUpdate" if request.preview else "Update", request)
        outputs = Struct()
        outputs.CopyFrom(request.news)
        if "serial" in request.olds:
            outputs["serial"] = request.olds["serial"]
        if not request.preview:
            self._refuse(name, context)
            self._trouble(name, context, request.id, outputs)
            with self.world.lock:
                self.world.things[request.id] = MessageToDict(outputs)
        return provider_pb2.UpdateResponse(properties=outputs)

    def Read(  # noqa: N802 - gRPC
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        del context
        self._note("Read", request)
        thing = self.world.things.get(request.id)
        if thing is None:
            return provider_pb2.ReadResponse()
        properties = Struct()
        properties.update(thing)
        return provider_pb2.ReadResponse(id=request.id, properties=properties)

    def Delete(  # noqa: N802 - gRPC
        self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext
    ) -> Empty:
        name = self._note("Delete", request)
        if name in self.world.fail:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the cloud keeps {name}")
        with self.world.lock:
            self.world.things.pop(request.id, None)
        return Empty()

    def Invoke(  # noqa: N802 - gRPC
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        del context
        with self.world.lock:
            self.world.calls.append(("Invoke", request.tok))
        answer = Struct()
        if request.tok.endswith("fails"):
            return provider_pb2.InvokeResponse(
                failures=[provider_pb2.CheckFailure(property="word", reason="is not one")]
            )
        answer.update({"answer": str(request.args["word"]) * 2})
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(answer)
        return response

    def Cancel(  # noqa: N802 - gRPC
        self, request: Empty, context: grpc.ServicerContext
    ) -> Empty:
        del request, context
        return Empty()


def serve(world: World) -> tuple[grpc.Server, int]:
    """A running server of the fake, and its port."""
    server = grpc.server(futures.ThreadPoolExecutor(32))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(FakeProvider(world), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
