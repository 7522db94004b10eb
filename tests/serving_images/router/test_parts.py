"""What the router is made of: addresses, policies, metrics that are read, messages, endpoints, retries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from inference_router.backends.address import Address
from inference_router.backends.fleet import ERRORS_IN_A_ROW, Endpoint, Fleet
from inference_router.backends.readings import Reading
from inference_router.backends.readings import read as read_metrics
from inference_router.calls import message, words
from inference_router.decision.policy import Policy, PolicyError, parse, read
from inference_router.decision.sides import Absence, Side, Standing
from inference_router.rest.heads import rows_of, wish_of
from inference_router.retries import BANK, PER_SECOND, RetryBudget
from tritonclient.grpc.service_pb2 import ModelInferRequest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("iris-cpu:8080", Address("iris-cpu", 8080)),
        ("iris.tenant-acme.svc:8080:8081", Address("iris.tenant-acme.svc", 8080, 8081)),
        ("10.0.0.1:8000:8001:8002", Address("10.0.0.1", 8000, 8001, 8002)),
        ("[fd00::1]:8080:8081", Address("fd00::1", 8080, 8081)),
    ],
)
def test_an_address_names_its_ports(text: str, expected: Address) -> None:
    assert Address.parse(text) == expected
    assert str(expected) in text


@pytest.mark.parametrize(
    "text", ["", "iris", "iris:", ":8080", "iris:0", "iris:65536", "iris:1:2:3:4", "fd00::1:8080", "a:\u0661"]
)
def test_anything_else_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Address.parse(text)


def test_the_policy_of_the_guide_is_one() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "routing.md").read_text()
    examples = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert examples
    for example_ in examples:
        parse(example_.encode(), "routing.md")


@pytest.mark.parametrize(
    ("text", "message_"),
    [
        ("tarif = 1", "p.toml: Object contains unknown field `tarif`"),
        ("target_ms = 0", "p.toml: Expected `float` > 0.0 - at `$.target_ms`"),
        ('[[rules]]\nname = "a"\nsend = "tpu"', "p.toml: Invalid enum value 'tpu' - at `$.rules[0].send`"),
        ('[[rules]]\nsend = "gpu"', "p.toml: Object missing required field `name` - at `$.rules[0]`"),
        ('rules = [{name="a",send="cpu"},{name="a",send="gpu"}]', "p.toml: two rules have one name"),
        ("[gpu]\nconcurrency = 8", "p.toml: Object missing required field `cost_per_hour` - at `$.gpu`"),
        ("[steadiness]\nmargin = 0", "p.toml: Expected `float` >= 0.05 - at `$.steadiness.margin`"),
        ("=", "p.toml: not TOML: "),
    ],
)
def test_a_policy_that_can_not_be_followed_is_refused_with_the_place(text: str, message_: str) -> None:
    with pytest.raises(PolicyError, match=f"^{re.escape(message_)}"):
        parse(text.encode(), "p.toml")


def test_a_policy_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="can't be read: No such file or directory"):
        read(tmp_path / "none.toml")


def test_an_empty_policy_is_one() -> None:
    assert parse(b"", "p") == Policy()


TRITON = """
# HELP nv_inference_pending_request_count Instantaneous number of pending requests awaiting execution per-model.
nv_inference_pending_request_count{model="resnet",version="1"} 3
nv_inference_pending_request_count{model="bert",version="2"} 4
nv_gpu_utilization{gpu_uuid="GPU-1"} 0.25
nv_gpu_utilization{gpu_uuid="GPU-2"} 0.75
"""
DCGM = """
# TYPE DCGM_FI_DEV_XID_ERRORS gauge
DCGM_FI_DEV_XID_ERRORS{gpu="0",UUID="GPU-1",namespace="tenant-acme",pod="triton-1",err_msg="x {y}"} 79
DCGM_FI_DEV_XID_ERRORS{gpu="1",UUID="GPU-2",exported_namespace="tenant-acme",namespace="monitoring"} 31
DCGM_FI_DEV_XID_ERRORS{gpu="2",UUID="GPU-3",namespace="tenant-other"} 48
DCGM_FI_DEV_GPU_UTIL{gpu="0",namespace="tenant-acme"} 30
DCGM_FI_DEV_GPU_UTIL{gpu="2",namespace="tenant-other"} 90
"""


def test_reads_tritons_metrics() -> None:
    assert read_metrics(TRITON) == Reading(pending=7, utilisation=0.75)


def test_reads_dcgms_metrics_of_all_gpus_or_of_one_namespace() -> None:
    assert read_metrics(DCGM) == Reading(utilisation=0.9, gpus=3, faults=(79, 48))
    assert read_metrics(DCGM, "tenant-other") == Reading(utilisation=0.9, gpus=1, faults=(48,))
    assert read_metrics(DCGM, "tenant-none") == Reading()


@pytest.mark.parametrize(
    ("xids", "fault"),
    [([0], None), ([31], None), ([79], "XID 79"), ([79, 0], None), ([79, 48], "XID 48, 79"), ([], None)],
)
def test_a_side_is_faulty_only_where_no_gpu_is_sound(xids: list[int], fault: str | None) -> None:
    text = "\n".join(f'DCGM_FI_DEV_XID_ERRORS{{gpu="{index}"}} {xid}' for index, xid in enumerate(xids))
    assert read_metrics(text).fault == fault


@given(st.text())
@example("DCGM_FI_DEV_XID_ERRORS NaN\nnv_gpu_utilization +Inf\nnv_inference_pending_request_count{} -1")
def test_any_text_may_be_metrics(text: str) -> None:
    reading = read_metrics(text)
    assert reading.pending is None or reading.pending >= 0


def triton_message(rows: int, **fields: object) -> bytes:
    request = ModelInferRequest(model_name="resnet", id="7", **fields)
    request.inputs.add(name="x", datatype="FP32", shape=[rows, 3])
    request.raw_input_contents.append(bytes(12 * rows))
    data: bytes = request.SerializeToString()
    return b"\0" + len(data).to_bytes(4, "big") + data


@given(st.integers(0, 2**40))
def test_reads_the_model_and_the_rows_of_a_message(rows: int) -> None:
    request = ModelInferRequest(model_name="resnet")
    request.parameters["priority"].int64_param = 5
    request.inputs.add(name="x", datatype="FP32", shape=[rows, 3])
    data = request.SerializeToString()
    assert message.read(b"\0" + len(data).to_bytes(4, "big") + data) == message.Start("resnet", rows, None)


def test_reads_no_more_of_a_message_than_its_start() -> None:
    whole = triton_message(100_000)
    assert message.read(whole[:200]) == message.Start("resnet", 100_000, None)
    assert message.length_of(whole) == len(whole) - 5


def test_says_nothing_of_a_message_that_is_compressed_or_late_with_its_inputs() -> None:
    assert message.read(b"\1" + triton_message(3)[1:]) == message.Start()
    request = ModelInferRequest(model_name="m", id="i" * 5000)
    request.inputs.add(name="x", datatype="FP32", shape=[3])
    assert message.read(b"\0\0\0\0\0" + request.SerializeToString()) == message.Start("m", None, None)
    scalar = ModelInferRequest(model_name="m")
    scalar.inputs.add(name="x", datatype="FP32", shape=[])
    assert message.read(b"\0\0\0\0\0" + scalar.SerializeToString()) == message.Start("m", None, None)


@given(st.binary(max_size=400))
def test_any_bytes_may_be_a_message(data: bytes) -> None:
    assert isinstance(message.read(data), message.Start)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b'{"inputs": [{"name": "x", "shape": [ 12, 3], "datatype": "FP32", "data": []}]}', 12),
        (b'{"inputs":[{"name":"x","shape":[7]}]}', 7),
        (b'{"inputs":[{"name":"x","shape":[]}]}', None),
        (b'{"inputs":[{"name":"x","shape":[-1]}]}', None),
        (b'{"inputs":[{"data":["\\"shape\\":[9]"],"shape":[2]}]}', 2),
        (b" " * 2000 + b'{"shape":[7]}', None),
        (b"\xff\x00", None),
    ],
)
def test_reads_the_rows_of_a_json_body_where_they_are_told_early(body: bytes, rows: int | None) -> None:
    assert rows_of(body) == rows


def test_reads_a_wish_among_the_parameters() -> None:
    assert wish_of(b'{"parameters": {"falaj-route" : "gpu"}}') is Side.GPU
    assert wish_of(b'{"parameters": {"falaj-route": "tpu"}}') is None
    assert wish_of(b'{"note": "falaj-route"}') is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(b"1S", 1.0), (b"250m", 0.25), (b"2H", 7200.0), (b"3M", 180.0), (b"5u", 5e-6), (b"9n", 9e-9), (b"1", None),
     (b"123456789S", None), (b"S", None), (b"-1S", None)],
)  # fmt: skip
def test_reads_the_time_that_a_call_has(text: bytes, seconds: float | None) -> None:
    assert words.timeout_of(text) == (None if seconds is None else pytest.approx(seconds))


@given(st.floats(1e-6, 1e9))
def test_a_time_is_told_within_a_thousandth_and_in_eight_digits(seconds: float) -> None:
    told = words.timeout(seconds)
    back = words.timeout_of(told)
    assert back is not None
    assert len(told) <= 9
    assert seconds > 9e7 or back == pytest.approx(seconds, rel=1e-3, abs=1e-6)


def test_a_time_that_is_over_is_told_as_hardly_any() -> None:
    assert words.timeout(-5) == b"1u"


def test_a_refusal_is_one_that_any_client_reads() -> None:
    fields = dict(words.refusal(words.UNAVAILABLE, "100% of 'x' — gone"))
    assert fields[b"grpc-message"] == b"100%25 of 'x' %E2%80%94 gone"
    assert fields[b"grpc-status"] == b"14"


def fleet(ready: int, *, most: int = 4) -> Fleet:
    made = Fleet(Side.CPU, most)
    made.replace([Address("10.0.0.1", 1000 + number) for number in range(ready)])
    for endpoint in made.endpoints:
        endpoint.ready = True
    return made


def test_endpoints_take_turns_and_the_one_with_the_fewest_requests_comes_first() -> None:
    made = fleet(3)
    for _ in range(9):
        picked = made.pick(0)
        assert picked is not None
        picked.in_flight += 1
    assert [endpoint.in_flight for endpoint in made.endpoints] == [3, 3, 3]
    made.endpoints[1].in_flight = 1
    picked = made.pick(0)
    assert picked is made.endpoints[1]


def test_endpoints_that_were_tried_are_full_or_not_ready_are_left_out() -> None:
    made = fleet(4)
    first, second, third, fourth = made.endpoints
    second.in_flight, third.ready, fourth.fault = 4, False, "XID 79"
    assert {made.pick(0) for _ in range(8)} == {first}
    assert made.pick(0, [first]) is None
    assert made.standing(0) == Standing(2, 4, 0, 8)


def test_an_endpoint_that_fails_and_fails_is_left_alone_for_a_while() -> None:
    made = fleet(1)
    (endpoint,) = made.endpoints
    for _ in range(ERRORS_IN_A_ROW - 1):
        endpoint.answered(at_fault=True, now=100, seconds=10)
    endpoint.answered(at_fault=False, now=100, seconds=10)
    for _ in range(ERRORS_IN_A_ROW - 1):
        endpoint.answered(at_fault=True, now=100, seconds=10)
    assert made.standing(101).absence is None
    endpoint.answered(at_fault=True, now=100, seconds=10)
    assert made.standing(101).absence is Absence.NOT_READY
    assert made.pick(101) is None
    assert made.pick(110) is endpoint


def test_a_fault_of_all_hardware_is_told_apart_from_nobody_being_there() -> None:
    made = fleet(2)
    made.fault = "XID 79"
    assert made.standing(0).absence is Absence.FAULTY
    made.fault = None
    for endpoint in made.endpoints:
        endpoint.read(Reading(gpus=1, faults=(48,)))
    assert made.standing(0).fault == "XID 48"
    for endpoint in made.endpoints:
        endpoint.ready = False
    assert made.standing(0).absence is Absence.NOT_READY


def test_what_waits_for_others_is_what_is_not_ours() -> None:
    endpoint = Endpoint(Side.GPU, Address("g", 1))
    endpoint.in_flight = 3
    endpoint.read(Reading(pending=10))
    assert endpoint.others == 7
    endpoint.read(Reading(pending=1))
    assert endpoint.others == 0
    endpoint.others = 5
    endpoint.read(Reading())
    assert endpoint.others == 5, "an endpoint that tells nothing says nothing new"


def test_known_endpoints_stay_who_they_are() -> None:
    made = fleet(3)
    kept = made.endpoints[1]
    added = made.replace([kept.address, Address("new", 1)])
    assert [endpoint.address.host for endpoint in added] == ["new"]
    assert made.endpoints == [kept, *added]


def test_retries_are_a_share_of_the_requests_and_some_each_second() -> None:
    budget = RetryBudget(0.2, 0.0)
    assert sum(budget.take(0.0) for _ in range(2000)) == BANK
    for _ in range(51):
        budget.pay_in()
    assert sum(budget.take(0.0) for _ in range(100)) == 10
    assert sum(budget.take(2.0) for _ in range(100)) == 2 * PER_SECOND
