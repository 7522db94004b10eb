"""gRPC through the router: calls, streams, deadlines and statuses as with a runtime itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from tritonclient.grpc.service_pb2 import ModelInferRequest, ModelInferResponse, ModelStreamInferResponse

from tests.serving_images.models import count_to
from tests.serving_images.process import ServerProcess, until
from tests.serving_images.router.conftest import Route, Serve
from tests.serving_images.router.dressed import DressedRuntime
from tests.serving_images.router.load import ask, message
from tests.serving_images.router.process import RouterProcess

SERVICE = "/inference.GRPCInferenceService/"
STREAM = f"{SERVICE}ModelStreamInfer"
SECONDS = 30
LARGE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


@pytest.fixture(scope="module")
def router(module_servers: tuple[ServerProcess, ServerProcess]) -> Iterator[RouterProcess]:
    running = RouterProcess(*module_servers, "--audit-each", "1", "--caller-header", "x-consumer", "--log-requests")
    running.said("ready")
    yield running
    running.close()


@pytest.fixture
def channel(router: RouterProcess) -> Iterator[Any]:
    with connect(router) as opened:
        yield opened


def connect(router: RouterProcess) -> Any:  # noqa: ANN401 - the stubs know too little of grpcio
    return grpc.insecure_channel(router.grpc_url, options=LARGE)


def status_of(call: Any) -> tuple[str, str]:  # noqa: ANN401 - the stubs know too little of grpcio
    with pytest.raises(grpc.RpcError) as error:
        call()
    return error.value.code().name, error.value.details() or ""


def counting(steps: int) -> bytes:
    request = ModelInferRequest(model_name="counting")
    for entry in count_to(steps)["inputs"]:
        tensor = request.inputs.add(name=entry["name"], datatype=entry["datatype"], shape=entry["shape"])
        field = "int64_contents" if entry["datatype"] == "INT64" else "bool_contents"
        getattr(tensor.contents, field).extend(entry["data"])
    data: bytes = request.SerializeToString()
    return data


def in_flight(router: RouterProcess) -> float:
    return sum(count for name, count in router.metrics().items() if name.startswith("inference_router_in_flight"))


def pending(server: ServerProcess) -> bool:
    """Whether a server works on a request to count."""
    with server.client() as client:
        text = client.get("/metrics").text
    return 'nv_inference_pending_request_count{model="counting",version="1"} 1' in text


def test_a_call_goes_where_its_client_wishes_and_tells_its_side(channel: Any) -> None:  # noqa: ANN401 - as above
    for side in ("cpu", "gpu"):
        answer, metadata = ask(channel, message(3), falaj_route=side)
        assert answer.raw_output_contents[0] == bytes(12)
        assert metadata["falaj-side"] == side


def test_a_wish_may_be_a_parameter(channel: Any) -> None:  # noqa: ANN401 - as above
    for side in ("cpu", "gpu"):
        request = ModelInferRequest.FromString(message())
        request.parameters["falaj-route"].string_param = side
        assert ask(channel, request.SerializeToString())[1]["falaj-side"] == side


@pytest.mark.parametrize("rows", [1, 5000, 100_000, 3_000_000])
def test_messages_of_any_size_come_through_whole(channel: Any, rows: int) -> None:  # noqa: ANN401 - as above
    request = ModelInferRequest(model_name="tiny")
    request.inputs.add(name="x", datatype="FP32", shape=[rows])
    tensor = b"".join(number.to_bytes(4, "little") for number in range(rows))
    request.raw_input_contents.append(tensor)
    answer, _ = ask(channel, request.SerializeToString())
    assert answer.raw_output_contents[0] == tensor


def test_many_calls_share_a_connection(channel: Any) -> None:  # noqa: ANN401 - as above
    call = channel.unary_unary(f"{SERVICE}ModelInfer", response_deserializer=ModelInferResponse.FromString)
    asked = [call.future(message(rows), timeout=SECONDS) for rows in range(1, 120)]
    assert [len(each.result().raw_output_contents[0]) // 4 for each in asked] == list(range(1, 120))


def test_a_compressed_call_comes_through_unread(channel: Any) -> None:  # noqa: ANN401 - as above
    call = channel.unary_unary(f"{SERVICE}ModelInfer", response_deserializer=ModelInferResponse.FromString)
    answer = call(message(2000), timeout=SECONDS, compression=grpc.Compression.Gzip)
    assert answer.raw_output_contents[0] == bytes(8000)


def test_a_stream_answers_each_message_as_it_comes(channel: Any, router: RouterProcess) -> None:  # noqa: ANN401 - as above
    released = [threading.Event() for _ in range(4)]

    def questions() -> Iterator[bytes]:
        for rows, release in enumerate(released, 1):
            yield message(rows)
            assert release.wait(SECONDS)

    stream = channel.stream_stream(STREAM, response_deserializer=ModelStreamInferResponse.FromString)
    answers = stream(questions(), timeout=SECONDS, metadata=[("falaj-route", "gpu")])
    for rows, release in enumerate(released, 1):
        answer = next(answers)
        assert list(answer.infer_response.outputs[0].shape) == [rows]
        release.set()
    assert list(answers) == []
    assert dict(answers.initial_metadata())["falaj-side"] == "gpu"
    assert in_flight(router) == 0


def test_a_stream_may_be_quiet_before_its_first_message(module_servers: Any, route: Route) -> None:  # noqa: ANN401 - as above
    router = route(*module_servers, options=("--body-seconds", "0.2", "--answer-seconds", "0.3"))
    release = threading.Event()

    def questions() -> Iterator[bytes]:
        assert release.wait(SECONDS)
        yield message()

    with connect(router) as channel:
        stream = channel.stream_stream(STREAM, response_deserializer=ModelStreamInferResponse.FromString)
        answers = stream(questions(), timeout=SECONDS)
        time.sleep(1)
        release.set()
        assert len(list(answers)) == 1


def test_a_call_whose_message_does_not_come_is_ended(module_servers: Any, route: Route) -> None:  # noqa: ANN401 - as above
    router = route(*module_servers, options=("--body-seconds", "0.2"))
    release = threading.Event()

    def never() -> Iterator[bytes]:
        release.wait(SECONDS)
        yield from ()

    with connect(router) as channel:
        call = channel.stream_unary(f"{SERVICE}ModelInfer")
        assert status_of(lambda: call(never(), timeout=SECONDS)) == (
            "CANCELLED",
            "the call's message did not arrive in time",
        )
        release.set()


def test_statuses_and_their_words_come_through(channel: Any, router: RouterProcess) -> None:  # noqa: ANN401 - as above
    before = router.routed(reason="retry")
    assert status_of(lambda: ask(channel, message(model="nope")))[0] == "NOT_FOUND"
    code, words = status_of(lambda: ask(channel, b"\xff" * 9))
    assert (code, words) == ("INVALID_ARGUMENT", "the message is not a ModelInferRequest")
    assert status_of(lambda: channel.unary_unary(f"{SERVICE}ServerLive")(b"\xff" * 9, timeout=SECONDS))[0] == (
        "INVALID_ARGUMENT"
    )
    assert router.routed(reason="retry") == before


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{SERVICE}RepositoryModelLoad", ("PERMISSION_DENIED", "the router changes no models and shares no memory")),
        (
            f"{SERVICE}SystemSharedMemoryRegister",
            ("PERMISSION_DENIED", "the router changes no models and shares no memory"),
        ),
        ("/grpc.channelz.v1.Channelz/GetServers", ("UNIMPLEMENTED", "no such method")),
    ],
)
def test_what_the_router_will_not_pass_on(channel: Any, path: str, expected: tuple[str, str]) -> None:  # noqa: ANN401 - as above
    assert status_of(lambda: channel.unary_unary(path)(b"", timeout=SECONDS)) == expected


def test_health_and_reflection_come_through(channel: Any) -> None:  # noqa: ANN401 - as above
    kinds = {"response_deserializer": HealthCheckResponse.FromString}
    check = channel.unary_unary("/grpc.health.v1.Health/Check", **kinds)
    assert check(HealthCheckRequest().SerializeToString(), timeout=SECONDS).status == HealthCheckResponse.SERVING
    watch = channel.unary_stream("/grpc.health.v1.Health/Watch", **kinds)
    watching = watch(HealthCheckRequest().SerializeToString(), timeout=SECONDS)
    assert next(watching).status == HealthCheckResponse.SERVING
    watching.cancel()
    database: Any = ProtoReflectionDescriptorDatabase(channel)
    assert "inference.GRPCInferenceService" in database.get_services()


def test_a_deadline_is_the_runtimes_too(module_servers: Any, channel: Any, router: RouterProcess) -> None:  # noqa: ANN401 - as above
    started = time.monotonic()
    call = channel.unary_unary(f"{SERVICE}ModelInfer")
    code, _ = status_of(lambda: call(counting(50_000_000), timeout=0.5))
    assert code == "DEADLINE_EXCEEDED"
    until(lambda: in_flight(router) == 0, message="the router waits on")
    until(lambda: not any(map(pending, module_servers)), message="a runtime goes on")
    assert time.monotonic() - started < 20


def test_a_client_that_leaves_ends_its_call_at_the_runtime(channel: Any, router: RouterProcess) -> None:  # noqa: ANN401 - as above
    call = channel.unary_unary(f"{SERVICE}ModelInfer").future(counting(50_000_000), timeout=SECONDS)
    until(lambda: in_flight(router) == 1, message="the call did not go out")
    call.cancel()
    until(lambda: in_flight(router) == 0, message="the call goes on")


@pytest.mark.slow
def test_a_stream_whose_runtime_dies_is_told_so(serve: Serve, route: Route) -> None:
    cpu, gpu = serve(), serve()
    router = route(cpu, gpu)
    release = threading.Event()

    def questions() -> Iterator[bytes]:
        yield message()
        release.wait(SECONDS)

    with connect(router) as channel:
        stream = channel.stream_stream(STREAM, response_deserializer=ModelStreamInferResponse.FromString)
        answers = stream(questions(), timeout=SECONDS, metadata=[("falaj-route", "gpu")])
        next(answers)
        gpu.process.kill()
        assert status_of(lambda: next(answers)) == (
            "UNAVAILABLE",
            "the runtime of this model broke off while it answered",
        )
        release.set()
        assert ask(channel, message())[1]["falaj-side"] == "cpu"


def test_a_runtime_without_room_is_not_the_last_word(
    module_servers: tuple[ServerProcess, ServerProcess],
    tiny: Path,
    route: Route,
) -> None:
    """What is too much for one, by its own limits, may not be for another."""
    small = ServerProcess(tiny, "--grpc-port", "0", "--max-body-bytes", "1000", "--drain-seconds", "0")
    try:
        small.said("ready")
        router = route(module_servers[0], small)
        with connect(router) as channel:
            assert ask(channel, message(2000), falaj_route="gpu")[1]["falaj-side"] == "cpu"
        assert router.metrics()['inference_router_unanswered_total{cause="resource_exhausted",side="gpu"}'] == 1
    finally:
        small.close()


def test_a_slow_start_of_a_connection_costs_no_call(
    module_servers: tuple[ServerProcess, ServerProcess], dressed: DressedRuntime, route: Route
) -> None:
    dressed.delay = 0.3
    router = route(module_servers[0], dressed.address)
    with connect(router) as channel:
        call = channel.unary_unary(f"{SERVICE}ModelInfer", response_deserializer=ModelInferResponse.FromString)
        asked = [call.future(message(), timeout=SECONDS, metadata=[("falaj-route", "gpu")]) for _ in range(20)]
        assert all(each.result().raw_output_contents[0] == bytes(8) for each in asked)


def test_who_called_and_what_became_of_it_is_written_down(channel: Any, router: RouterProcess) -> None:  # noqa: ANN401 - as above
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ask(channel, message(7), x_request_id="call-1", x_consumer="teller-7", traceparent=trace)
    until(lambda: any(line.get("request_id") == "call-1" for line in router.audited("routed")), message="no line")
    (line,) = [line for line in router.audited("routed") if line.get("request_id") == "call-1"]
    assert (line["caller"], line["model"], line["rows"]) == ("teller-7", "tiny", 7)
    assert line["body_bytes"] == len(message(7))

    def calls() -> list[tuple[str, str]]:
        lines = router.written("call")
        return [(line["method"], line["status"]) for line in lines if line.get("trace_id") == trace[3:35]]

    until(lambda: bool(calls()), message="the call is not in the log")
    assert calls() == [("ModelInfer", "OK")]
    assert router.metrics()['inference_router_grpc_responses_total{status="OK"}'] > 0


def test_nothing_of_what_was_called_is_held_any_more(channel: Any, router: RouterProcess) -> None:  # noqa: ANN401 - as above
    """The last test of this module: those before it have called in every way."""
    ask(channel, message(100_000))
    until(lambda: router.metrics()['inference_router_held_bytes{protocol="grpc"}'] == 0, message="bytes are held")
    assert in_flight(router) == 0
