"""Runtimes are killed, drained, slow or away, and no request is lost by it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest

from tests.serving_images.process import ServerProcess, until
from tests.serving_images.router.conftest import Route, Serve
from tests.serving_images.router.dressed import BROKEN, SOUND, DressedRuntime
from tests.serving_images.router.load import ask, load, message
from tests.serving_images.router.process import address_of, infer

INFER = "/v2/models/tiny/infer"
ANSWERED = {"rest 200", "grpc OK"}


@pytest.mark.slow
@pytest.mark.parametrize("side", ["cpu", "gpu"])
def test_a_killed_runtime_loses_no_request(serve: Serve, route: Route, tmp_path: Path, side: str) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(f'rules = [{{ name = "all", send = "{side}" }}]\nsteadiness = {{ recovery_seconds = 0.5 }}\n')
    servers = {"cpu": serve(), "gpu": serve()}
    router = route(servers["cpu"], servers["gpu"], policy=policy)
    with load(router) as tally:
        tally.until(400)
        servers[side].process.kill()
        tally.until(400)
    assert set(tally.outcomes) == ANSWERED, tally.outcomes
    assert set(tally.sides) == {"cpu", "gpu"}
    assert [line["reason"] for line in router.audited("switched")][2:] == [f"{side}_not_ready"]


@pytest.mark.slow
def test_a_runtime_that_is_taken_out_of_service_loses_no_request_and_is_left_in_time(
    serve: Serve, route: Route, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('rules = [{ name = "all", send = "gpu" }]\n')
    cpu, gpu = serve(), serve()
    router = route(cpu, gpu, policy=policy)
    with load(router) as tally:
        tally.until(400)
        assert gpu.terminate() == 0
        tally.until(400)
    assert set(tally.outcomes) == ANSWERED, tally.outcomes
    assert router.routed(reason="retry") <= router.routed() * 0.05
    assert [line["reason"] for line in router.audited("switched")][2:] == ["gpu_not_ready"]


@pytest.mark.slow
def test_one_of_two_runtimes_of_a_side_may_die(serve: Serve, route: Route) -> None:
    first, second = serve(), serve()
    router = route(first, None, options=("--cpu", address_of(second)))
    with load(router, rest=3, calls=3) as tally:
        tally.until(200)
        first.process.kill()
        tally.until(300)
    assert set(tally.outcomes) == ANSWERED, tally.outcomes


@pytest.mark.slow
def test_a_runtime_that_comes_back_is_used_again_once_it_has_stayed(
    tiny: Path, serve: Serve, route: Route, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('rules = [{ name = "all", send = "gpu" }]\nsteadiness = { recovery_seconds = 0.4 }\n')
    cpu, gpu = serve(), serve()
    router = route(cpu, gpu, policy=policy)
    port, grpc_port = gpu.address[1], gpu.said("listening")["grpc_port"]
    gpu.process.kill()
    gpu.wait()
    with load(router, rest=2, calls=2) as tally:
        tally.until(100)
        again = ServerProcess(tiny, "--port", str(port), "--grpc-port", str(grpc_port))
        try:
            until(lambda: len(router.audited("switched")) == 4, message="the runtime was not taken back")
            before = tally.sides["gpu"]
            tally.until(100)
            assert tally.sides["gpu"] - before > 50
            tally.stop()
            assert [line["reason"] for line in router.audited("switched")][2:] == ["gpu_not_ready", "available"]
        finally:
            again.close()
    assert set(tally.outcomes) == ANSWERED, tally.outcomes


def test_where_both_sides_are_away_it_says_so_and_when_to_come_again(serve: Serve, route: Route) -> None:
    cpu, gpu = serve(), serve()
    router = route(cpu, gpu)
    cpu.process.kill()
    gpu.process.kill()
    with router.client() as client, grpc.insecure_channel(router.grpc_url) as channel:
        until(lambda: client.get("/v2/health/ready").status_code == 503, message="it stays ready")
        answer = client.post(INFER, content=infer())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json() == {"error": "no runtime of this model takes requests at the moment"}
        with pytest.raises(grpc.RpcError) as error:
            ask(channel, message())
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
        assert error.value.details() == "no runtime of this model takes requests at the moment"
        trailers: dict[Any, Any] = {each.key: each.value for each in error.value.trailing_metadata() or ()}
        assert trailers["grpc-retry-pushback-ms"] == "1000"
        assert client.get("/v2/health/live").status_code == 200
    assert 'inference_router_refused_total{protocol="rest"}' in router.metrics()


def test_a_fault_of_the_hardware_moves_requests_and_a_sound_one_takes_them_back(
    module_servers: tuple[ServerProcess, ServerProcess], dressed: DressedRuntime, route: Route, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('rules = [{ name = "all", send = "gpu" }]\nsteadiness = { recovery_seconds = 0.1 }\n')
    router = route(module_servers[0], dressed.address, policy=policy)
    with router.client() as client:

        def side() -> str:
            return client.post(INFER, content=infer()).headers["falaj-side"]

        assert side() == "gpu"
        dressed.metrics = BROKEN
        until(lambda: side() == "cpu", message="requests go on to a broken GPU")
        assert router.metrics()['inference_router_fault{side="gpu"}'] == 1
        dressed.metrics = SOUND
        until(lambda: side() == "gpu", message="the GPU is not used again")
    assert router.metrics()['inference_router_gpu_utilisation{side="gpu"}'] == 0.4
    assert [line["reason"] for line in router.audited("switched")][2:] == ["gpu_faulty", "available"]


def test_a_slow_side_is_left_for_the_one_that_meets_the_target(
    module_servers: tuple[ServerProcess, ServerProcess], dressed: DressedRuntime, route: Route, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        "target_ms = 50\n[steadiness]\ndwell_seconds = 0.2\n[probing]\nshare = 0.2\nfresh_seconds = 0\n"
        "[cpu]\ncost_per_hour = 9\n[gpu]\ncost_per_hour = 1\n"
    )
    router = route(module_servers[0], dressed.address, policy=policy)
    with router.client() as client:

        def side() -> str:
            return client.post(INFER, content=infer()).headers["falaj-side"]

        until(lambda: [side() for _ in range(5)].count("gpu") >= 4, message="the cheaper side is not preferred")
        dressed.delay = 0.2
        until(lambda: [side() for _ in range(10)].count("cpu") >= 9, message="the slow side is not left")
    switches = router.audited("switched")[2:]
    assert [line["to"] for line in switches][-1] == "cpu"
    assert len(switches) <= 2, switches


def test_a_runtime_that_says_nothing_is_given_up_in_time(
    module_servers: tuple[ServerProcess, ServerProcess], dressed: DressedRuntime, route: Route
) -> None:
    router = route(module_servers[0], dressed.address, options=("--answer-seconds", "0.5"))
    dressed.delay = 5
    with router.client() as client, grpc.insecure_channel(router.grpc_url) as channel:
        answer = client.post(INFER, content=infer(), headers={"falaj-route": "gpu"})
        assert (answer.status_code, answer.json()) == (
            504,
            {"error": "the runtime of this model did not answer in time"},
        )
        with pytest.raises(grpc.RpcError) as error:
            ask(channel, message(), falaj_route="gpu")
        assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert client.post(INFER, content=infer(), headers={"falaj-route": "cpu"}).status_code == 200


def test_requests_at_a_runtime_that_falls_silent_are_asked_elsewhere(
    module_servers: tuple[ServerProcess, ServerProcess], dressed: DressedRuntime, route: Route
) -> None:
    """As when a machine loses its power: nothing is said, nothing is closed."""
    router = route(module_servers[0], dressed.address)
    with router.client() as client:
        assert client.post(INFER, content=infer(), headers={"falaj-route": "gpu"}).headers["falaj-side"] == "gpu"
        dressed.delay, dressed.hangs = 3600, True
        started = time.monotonic()
        answer = client.post(INFER, content=infer(), headers={"falaj-route": "gpu"})
        assert (answer.status_code, answer.headers["falaj-side"]) == (200, "cpu")
        assert time.monotonic() - started < 20
        with grpc.insecure_channel(router.grpc_url) as channel:
            _, metadata = ask(channel, message(), falaj_route="gpu")
            assert metadata["falaj-side"] == "cpu"


def test_a_full_runtime_is_not_the_last_word(
    module_servers: tuple[ServerProcess, ServerProcess], dressed: DressedRuntime, route: Route, tmp_path: Path
) -> None:
    """One request at a time each: what comes beside it goes to the other side, and then nowhere."""
    policy = tmp_path / "policy.toml"
    settings = "cost_per_hour = 1\nmost_in_flight = 1\n"
    policy.write_text(f"[cpu]\n{settings}[gpu]\n{settings}")
    slow = DressedRuntime(address_of(module_servers[0]))
    router = route(slow.address, dressed.address, policy=policy, options=("--look-seconds", "60"))
    with router.client() as client, ThreadPoolExecutor(2) as pool:

        def ask_for(side: str) -> httpx2.Response:
            return client.post(INFER, content=infer(), headers={"falaj-route": side})

        def begun(side: str) -> bool:
            return router.metrics()[f'inference_router_in_flight{{side="{side}"}}'] == 1

        dressed.delay = 5
        first = pool.submit(ask_for, "gpu")
        until(lambda: begun("gpu"), message="not begun")
        second = ask_for("gpu")
        assert (second.status_code, second.headers["falaj-side"]) == (200, "cpu")
        slow.delay = 5
        third = pool.submit(ask_for, "cpu")
        until(lambda: begun("cpu"), message="not begun")
        refused = client.post(INFER, content=infer())
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert first.result().status_code == third.result().status_code == 200
    assert router.routed(reason="other_full") == 1
    slow.close()
