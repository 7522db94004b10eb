"""Server reflection: tools such as grpcurl ask the server for its protocol file.

Source: https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from grpc import ServicerContext

from onnxruntime_server.grpc_server.calls import Calls
from onnxruntime_server.protocol.grpc import grpc_predict_v2_pb2
from onnxruntime_server.protocol.grpc.requests import parse

if TYPE_CHECKING:
    from onnxruntime_server.grpc_server.calls import Handler

SERVICES: Final = ("grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection")
"""Two names of one protocol: the messages are the same."""


def handlers(calls: Calls, services: tuple[str, ...]) -> dict[str, Handler]:
    """The handler of reflection's only call."""

    def answer(requests: Iterator[bytes], context: ServicerContext) -> Iterator[bytes]:
        # Imported here: a start does not wait for what only a tool asks for.
        from grpc_reflection.v1alpha import reflection_pb2  # noqa: PLC0415 - see above

        questions = (parse(reflection_pb2.ServerReflectionRequest, data) for data in requests)
        for answered in _servicer(services).ServerReflectionInfo(questions, context):
            yield answered.SerializeToString()

    return {"ServerReflectionInfo": calls.stream("ServerReflectionInfo", answer)}


@functools.cache
def _servicer(services: tuple[str, ...]) -> Any:  # noqa: ANN401 - the library has no types
    from google.protobuf.descriptor_pool import DescriptorPool  # noqa: PLC0415 - as above
    from grpc_health.v1 import health_pb2  # noqa: PLC0415 - as above
    from grpc_reflection.v1alpha import reflection_pb2  # noqa: PLC0415 - as above
    from grpc_reflection.v1alpha.reflection import ReflectionServicer  # noqa: PLC0415 - as above

    pool = DescriptorPool()
    for file in (grpc_predict_v2_pb2, health_pb2, reflection_pb2):
        pool.AddSerializedFile(file.DESCRIPTOR.serialized_pb)
    return ReflectionServicer(services, pool=pool)
