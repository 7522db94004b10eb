"""The protocol over gRPC: health, metadata, inference with raw and typed tensors, streams, refusals."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc
import pytest
from tritonclient.grpc.service_pb2 import (
    ModelInferRequest,
    ModelInferResponse,
    ModelMetadataRequest,
    ModelMetadataResponse,
    ModelReadyRequest,
    ModelReadyResponse,
    ModelStreamInferResponse,
    ServerLiveRequest,
    ServerLiveResponse,
    ServerMetadataRequest,
    ServerMetadataResponse,
    ServerReadyRequest,
    ServerReadyResponse,
)

from serving_images.contract.case import from_bytes, to_bytes

if TYPE_CHECKING:
    from serving_images.contract.case import Case

Channel: TypeAlias = Any
Message: TypeAlias = Any
"""The stubs know too little of grpcio, and the client has no types."""

SERVICE = "/inference.GRPCInferenceService/"
SECONDS = 30
FIELDS = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    "INT64": "int64_contents",
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


def ask(channel: Channel, method: str, question: Message, answer: type[Message]) -> Message:
    call = channel.unary_unary(
        SERVICE + method,
        request_serializer=type(question).SerializeToString,
        response_deserializer=answer.FromString,
    )
    return call(question, timeout=SECONDS)


def infer(channel: Channel, request: ModelInferRequest) -> Message:
    return ask(channel, "ModelInfer", request, ModelInferResponse)


def request_of(case: Case, *, raw: bool = True, inputs: list[dict[str, Any]] | None = None) -> ModelInferRequest:
    """The case's request, or one of other inputs: every input raw, or all of them in typed contents."""
    request = ModelInferRequest(model_name=case.model)
    for entry in case.request["inputs"] if inputs is None else inputs:
        tensor = request.inputs.add(name=entry["name"], datatype=entry["datatype"], shape=entry["shape"])
        if raw:
            request.raw_input_contents.append(to_bytes(entry["datatype"], entry["data"]))
            continue
        is_text = entry["datatype"] == "BYTES"
        values = [text.encode() for text in entry["data"]] if is_text else entry["data"]
        getattr(tensor.contents, FIELDS[entry["datatype"]]).extend(values)
    return request


def values_of(answer: ModelInferResponse) -> dict[str, list[Any]]:
    """Flat data of each output, sent either way."""
    found = {}
    for index, output in enumerate(answer.outputs):
        if answer.raw_output_contents:
            found[output.name] = from_bytes(output.datatype, answer.raw_output_contents[index])
        else:
            values = getattr(output.contents, FIELDS[output.datatype])
            found[output.name] = [value.decode() if isinstance(value, bytes) else value for value in values]
    return found


def assert_answers(case: Case, answer: ModelInferResponse, expected: list[dict[str, Any]]) -> None:
    """Everything exactly but floating point, which must agree to one part in 100,000."""
    assert answer.model_name == case.model
    heads = [(output.name, output.datatype, list(output.shape)) for output in answer.outputs]
    assert heads == [(entry["name"], entry["datatype"], entry["shape"]) for entry in expected]
    found = values_of(answer)
    for entry in expected:
        wanted: Any = from_bytes(entry["datatype"], to_bytes(entry["datatype"], entry["data"]))
        if entry["datatype"].startswith(("FP", "BF")):
            wanted = pytest.approx(wanted, rel=1e-5, abs=0)
        assert found[entry["name"]] == wanted


def refused(channel: Channel, request: ModelInferRequest, *named: str) -> str:
    """The status of a request that is refused in a sentence that names what is wrong."""
    with pytest.raises(grpc.RpcError) as error:
        infer(channel, request)
    for name in named:
        assert name in (error.value.details() or "")
    return error.value.code().name


def test_is_live_and_ready(channel: Channel) -> None:
    assert ask(channel, "ServerLive", ServerLiveRequest(), ServerLiveResponse).live
    assert ask(channel, "ServerReady", ServerReadyRequest(), ServerReadyResponse).ready


def test_says_what_it_is(channel: Channel) -> None:
    facts = ask(channel, "ServerMetadata", ServerMetadataRequest(), ServerMetadataResponse)
    assert facts.name
    assert facts.version


@pytest.mark.parametrize("with_version", [False, True])
def test_says_what_a_model_takes_and_gives(channel: Channel, case: Case, with_version: bool) -> None:
    version = case.version if with_version else ""
    assert ask(channel, "ModelReady", ModelReadyRequest(name=case.model, version=version), ModelReadyResponse).ready
    question = ModelMetadataRequest(name=case.model, version=version)
    facts = ask(channel, "ModelMetadata", question, ModelMetadataResponse)
    assert facts.name == case.model
    assert case.version in facts.versions
    for found, expected in ((facts.inputs, case.inputs), (facts.outputs, case.outputs)):
        told = [{"name": each.name, "datatype": each.datatype, "shape": list(each.shape)} for each in found]
        assert told == expected


def test_takes_raw_tensors(channel: Channel, case: Case) -> None:
    assert_answers(case, infer(channel, request_of(case)), case.answer)


def test_takes_typed_contents(channel: Channel, case: Case) -> None:
    """Where all inputs may be typed; FP16 and BF16 may not."""
    if any(entry["datatype"] not in FIELDS for entry in case.request["inputs"]):
        pytest.skip("an input has a datatype without typed contents")
    assert_answers(case, infer(channel, request_of(case, raw=False)), case.answer)


def test_answers_further_requests_such_as_those_without_elements(channel: Channel, case: Case) -> None:
    for further in case.further:
        assert_answers(case, infer(channel, request_of(case, inputs=further["inputs"])), further["answer"])


def test_answers_for_a_version_and_sends_the_id_back(channel: Channel, case: Case) -> None:
    request = request_of(case)
    request.model_version, request.id = case.version, "request-7"
    answer = infer(channel, request)
    assert (answer.model_version, answer.id) == (case.version, "request-7")
    assert_answers(case, answer, case.answer)


def test_gives_only_the_outputs_asked_for(channel: Channel, case: Case) -> None:
    request = request_of(case)
    request.outputs.add(name=case.answer[-1]["name"])
    assert_answers(case, infer(channel, request), case.answer[-1:])


def test_gives_outputs_in_the_order_asked_for(channel: Channel, case: Case) -> None:
    request = request_of(case)
    wanted = list(reversed(case.answer))
    for entry in wanted:
        request.outputs.add(name=entry["name"])
    assert_answers(case, infer(channel, request), wanted)


def test_a_stream_answers_each_request_and_goes_on_after_an_error(channel: Channel, case: Case) -> None:
    requests = [request_of(case) for _ in range(3)]
    for number, request in enumerate(requests):
        request.id = f"request-{number}"
    requests[1].inputs[0].name = "no such input"
    stream = channel.stream_stream(
        f"{SERVICE}ModelStreamInfer",
        request_serializer=ModelInferRequest.SerializeToString,
        response_deserializer=ModelStreamInferResponse.FromString,
    )
    answers = list(stream(iter(requests), timeout=SECONDS))
    good = {answer.infer_response.id: answer.infer_response for answer in answers if not answer.error_message}
    assert sorted(good) == ["request-0", "request-2"]
    for answer in good.values():
        assert_answers(case, answer, case.answer)
    (bad,) = [answer for answer in answers if answer.error_message]
    assert "no such input" in bad.error_message


def test_refuses_a_model_or_version_that_is_not_there(channel: Channel, case: Case) -> None:
    request = request_of(case)
    request.model_version = "999"
    assert refused(channel, request, "999") in {"NOT_FOUND", "INVALID_ARGUMENT", "UNAVAILABLE"}
    request = request_of(case)
    request.model_name = "no_such_model"
    assert refused(channel, request, "no_such_model") in {"NOT_FOUND", "INVALID_ARGUMENT", "UNAVAILABLE"}


def test_refuses_inputs_that_do_not_fit_and_names_them(channel: Channel, case: Case) -> None:
    name = case.request["inputs"][0]["name"]
    changed = [request_of(case) for _ in range(6)]
    changed[0].inputs[0].datatype = "FP7"
    changed[1].inputs[0].shape.append(7)
    changed[2].inputs[0].shape[:] = [-1] * len(case.inputs[0]["shape"]) or [-1]
    changed[3].raw_input_contents[0] += b"\0"
    changed[4].raw_input_contents[0] = changed[4].raw_input_contents[0][:-1]
    changed[5].inputs[0].name = "no such input"
    for request, named in zip(changed, [name, name, name, name, name, "no such input"], strict=True):
        assert refused(channel, request, named) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("wrong", ["fewer", "more", "typed as well", "no inputs"])
def test_refuses_raw_tensors_that_are_not_one_for_each_input(channel: Channel, case: Case, wrong: str) -> None:
    request = request_of(case)
    if wrong == "fewer":
        del request.raw_input_contents[-1]
    elif wrong == "more":
        request.raw_input_contents.append(struct.pack("<q", 0))
    elif wrong == "typed as well":
        request.inputs[0].contents.bool_contents.append(True)
    else:
        del request.inputs[:]
    assert refused(channel, request) == "INVALID_ARGUMENT"


def test_refuses_outputs_that_the_model_does_not_give(channel: Channel, case: Case) -> None:
    request = request_of(case)
    request.outputs.add(name="no such output")
    assert refused(channel, request, "no such output") == "INVALID_ARGUMENT"


@pytest.mark.parametrize("message", [b"\xff" * 9, b"\x2a\x02\x0a\x7f", b"\x0a\xff\xff\xff\xff\x0f"])
def test_bytes_that_are_no_message_are_a_clients_fault(channel: Channel, message: bytes) -> None:
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(f"{SERVICE}ModelInfer")(message, timeout=SECONDS)
    assert error.value.code().name == "INVALID_ARGUMENT"
    assert ask(channel, "ServerLive", ServerLiveRequest(), ServerLiveResponse).live


def test_a_short_deadline_is_kept_or_told(channel: Channel, case: Case) -> None:
    """How fast a server is can't be known; that it says nothing else can."""
    call = channel.unary_unary(f"{SERVICE}ModelInfer", response_deserializer=ModelInferResponse.FromString)
    for seconds in (0, 0.0001, 0.001, 0.01):
        asked = call.future(request_of(case).SerializeToString(), timeout=seconds)
        if asked.code() is grpc.StatusCode.OK:
            assert_answers(case, asked.result(), case.answer)
        else:
            assert asked.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert_answers(case, infer(channel, request_of(case)), case.answer)
