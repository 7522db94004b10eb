"""The messages of gRPC: what the compiler makes of the protocol file, and what other clients know by the same names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2 as ours
from tritonclient.grpc import service_pb2 as tritons

IMAGE = Path(__file__).parents[3] / "serving_images" / "onnxruntime"
COMMITTED = IMAGE / "onnxruntime_server" / "protocol" / "grpc"


def test_are_what_the_compiler_makes_of_the_protocol_file(tmp_path: Path) -> None:
    subprocess.run([sys.executable, IMAGE / "protos" / "generate.py", tmp_path], check=True)
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert made == {file.name: file.read_text() for file in COMMITTED.glob("grpc_predict_v2_pb2.*")}


def test_share_no_pool_with_a_client_of_the_protocol() -> None:
    ours_pool, tritons_pool = ours.DESCRIPTOR.pool, tritons.DESCRIPTOR.pool
    assert ours_pool is not tritons_pool


def shape(field: FieldDescriptor) -> tuple[object, ...]:
    message = field.message_type.full_name if field.message_type else None
    choice = field.containing_oneof.name if field.containing_oneof else None
    return field.name, field.number, field.type, field.is_repeated, message, choice


def all_messages(messages: list[Descriptor]) -> list[Descriptor]:
    return [found for message in messages for found in (message, *all_messages(list(message.nested_types)))]


@pytest.mark.parametrize(
    "message", all_messages(list(ours.DESCRIPTOR.message_types_by_name.values())), ids=lambda each: each.full_name
)
def test_have_the_names_and_numbers_that_triton_publishes(message: Descriptor) -> None:
    theirs = tritons.DESCRIPTOR.pool.FindMessageTypeByName(message.full_name)
    assert {shape(field) for field in message.fields} <= {shape(field) for field in theirs.fields}


def test_the_service_has_the_calls_that_triton_publishes() -> None:
    def calls(service: object) -> set[tuple[object, ...]]:
        return {
            (call.name, call.input_type.full_name, call.output_type.full_name, call.client_streaming)
            for call in service.methods  # type: ignore[attr-defined]  # the stubs know no descriptor of a service
        }

    theirs = calls(tritons.DESCRIPTOR.services_by_name["GRPCInferenceService"])
    served = calls(ours.DESCRIPTOR.services_by_name["GRPCInferenceService"])
    assert served < theirs
    missing = {str(call[0]) for call in theirs - served}
    assert {name for name in missing if "SharedMemory" not in name} == {"ModelConfig", "TraceSetting", "LogSettings"}
