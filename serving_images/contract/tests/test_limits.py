"""What is over a limit is refused as such, and the server goes on. The limits are the server's own: pytest is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from tritonclient.grpc.service_pb2 import ModelInferRequest

from serving_images.contract.tests.rest import assert_same, changed, infer

if TYPE_CHECKING:
    import httpx2

    from serving_images.contract.case import Case

INFER = "/inference.GRPCInferenceService/ModelInfer"
SECONDS = 30


@pytest.fixture
def limit(request: pytest.FixtureRequest) -> int:
    """The limit that a test is about; without it the test is left out."""
    option = f"--limit-{request.node.get_closest_marker('limit').args[0]}"
    if (found := request.config.getoption(option)) is None:
        pytest.skip(f"no {option}")
    return int(found)


def assert_too_large(server: httpx2.Client, case: Case, response: httpx2.Response) -> None:
    """Refused with 413 and a sentence, and the next request is answered."""
    assert response.status_code == 413
    assert response.json()["error"]
    assert_same(infer(server, case, case.request).json()["outputs"], case.answer)


def assert_exhausted(channel: Any, message: bytes) -> None:  # noqa: ANN401 - the stubs know too little of grpcio
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(INFER)(message, timeout=SECONDS)
    assert error.value.code().name == "RESOURCE_EXHAUSTED"
    channel.unary_unary("/inference.GRPCInferenceService/ServerLive")(b"", timeout=SECONDS)


@pytest.mark.limit("body-bytes")
def test_a_body_over_the_limit(server: httpx2.Client, case: Case, limit: int) -> None:
    path = f"/v2/models/{case.model}/infer"
    assert_too_large(server, case, server.post(path, content=b" " * (limit + 1)))

    def parts() -> Iterator[bytes]:
        for _ in range(0, limit + 1, 1024):
            yield b" " * 1024

    assert_too_large(server, case, server.post(path, content=parts()))


@pytest.mark.limit("body-bytes")
def test_a_message_over_the_limit(channel: Any, case: Case, limit: int) -> None:  # noqa: ANN401 - as above
    request = ModelInferRequest(model_name=case.model, raw_input_contents=[b" " * (limit + 1)])
    assert_exhausted(channel, request.SerializeToString())


@pytest.mark.limit("tensors")
def test_more_tensors_than_the_limit(server: httpx2.Client, case: Case, limit: int) -> None:
    inputs = [{"name": f"x{number}", "datatype": "BOOL", "shape": [1], "data": [True]} for number in range(limit + 1)]
    assert_too_large(server, case, infer(server, case, {"inputs": inputs}))


@pytest.mark.limit("tensors")
def test_more_tensors_than_the_limit_in_a_message(channel: Any, case: Case, limit: int) -> None:  # noqa: ANN401 - as above
    request = ModelInferRequest(model_name=case.model)
    for number in range(limit + 1):
        request.inputs.add(name=f"x{number}", datatype="BOOL", shape=[1]).contents.bool_contents.append(True)
    assert_exhausted(channel, request.SerializeToString())


@pytest.mark.limit("elements")
@pytest.mark.parametrize("wide", [False, True])
def test_more_elements_than_the_limit_before_there_is_memory_for_them(
    server: httpx2.Client, case: Case, limit: int, wide: bool
) -> None:
    shape = [2**31, 2**31] if wide else [limit + 1]
    assert_too_large(server, case, infer(server, case, changed(case, shape=shape)))


@pytest.mark.limit("elements")
def test_more_elements_than_the_limit_in_a_message(channel: Any, case: Case, limit: int) -> None:  # noqa: ANN401 - as above
    for shape in ([limit + 1], [2**31, 2**31], [0, limit + 1]):
        request = ModelInferRequest(model_name=case.model)
        request.inputs.add(name=case.inputs[0]["name"], datatype=case.inputs[0]["datatype"], shape=shape)
        request.raw_input_contents.append(b"")
        assert_exhausted(channel, request.SerializeToString())
