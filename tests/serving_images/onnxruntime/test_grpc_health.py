"""gRPC's health calls and reflection, as probes and tools use them."""

from __future__ import annotations

import threading

import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc import RpcError
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from onnxruntime_server.grpc_server.reflection import SERVICES

from tests.serving_images.onnxruntime.grpc_backend import PATIENCE, running

SERVICE = "inference.GRPCInferenceService"
REFLECTION = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
SERVING, NOT_SERVING = HealthCheckResponse.SERVING, HealthCheckResponse.NOT_SERVING


@pytest.mark.parametrize("name", ["", SERVICE, "m"])
def test_health_follows_loading_and_draining(name: str) -> None:
    with running() as server, server.channel() as channel:

        def status() -> int:
            return int(HealthStub(channel).Check(HealthCheckRequest(service=name)).status)

        assert status() == SERVING
        server.server.set_serving(ready=False)
        assert status() == NOT_SERVING
        server.server.set_serving(ready=True)
        assert status() == SERVING
        server.models.loading, server.models.ready = True, False
        assert status() == NOT_SERVING


def test_health_of_what_is_not_there_is_not_found() -> None:
    with running() as server, server.channel() as channel:
        with pytest.raises(RpcError) as refused:
            HealthStub(channel).Check(HealthCheckRequest(service="other"))
        assert (refused.value.code().name, refused.value.details()) == (
            "NOT_FOUND",
            "no model 'other'; this server has 'm'",
        )
        watched = HealthStub(channel).Watch(HealthCheckRequest(service="other"))
        assert next(watched).status == HealthCheckResponse.SERVICE_UNKNOWN
        watched.cancel()


def test_who_watches_is_told_of_changes_and_of_the_end() -> None:
    with running() as server, server.channel() as channel:
        watched = HealthStub(channel).Watch(HealthCheckRequest(service="m"))
        assert next(watched).status == SERVING
        server.server.set_serving(ready=False)
        assert next(watched).status == NOT_SERVING
        server.server.set_serving(ready=True)
        assert next(watched).status == SERVING
        stopping = threading.Thread(target=server.server.stop, args=(PATIENCE,))
        stopping.start()
        assert [answer.status for answer in watched] == [NOT_SERVING]
        stopping.join(PATIENCE)
        assert not stopping.is_alive()


def test_tools_find_the_protocol_by_reflection() -> None:
    with running() as server, server.channel() as channel:
        found = ProtoReflectionDescriptorDatabase(channel)
        assert found.get_services() == ["grpc.health.v1.Health", *REFLECTION, SERVICE]
        pool = DescriptorPool(found)
        service = pool.FindServiceByName(SERVICE)
        assert service.FindMethodByName("ModelInfer").input_type.full_name == "inference.ModelInferRequest"
        assert pool.FindServiceByName("grpc.health.v1.Health").FindMethodByName("Watch").server_streaming


@pytest.mark.parametrize("service", REFLECTION)
def test_both_versions_of_reflection_answer(service: str) -> None:
    assert service in SERVICES
    with running() as server, server.channel() as channel:
        ask = channel.stream_stream(
            f"/{service}/ServerReflectionInfo",
            request_serializer=ServerReflectionRequest.SerializeToString,
            response_deserializer=ServerReflectionResponse.FromString,
        )
        asked = [ServerReflectionRequest(list_services=""), ServerReflectionRequest(file_containing_symbol="no.Such")]
        listed, missing = ask(iter(asked), timeout=PATIENCE)
        assert SERVICE in [entry.name for entry in listed.list_services_response.service]
        assert missing.error_response.error_code == 5
