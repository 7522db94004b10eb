"""The router's start and end: what it refuses, TLS, endpoints that come and go, the way out."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import httpx2
import pytest
from inference_router.settings import parse

from tests.serving_images.certificates import Authority
from tests.serving_images.process import ServerProcess, until
from tests.serving_images.router.conftest import Route
from tests.serving_images.router.load import ask, load, message
from tests.serving_images.router.process import RouterProcess, infer

INFER = "/v2/models/tiny/infer"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "give --cpu or --gpu, or both: where the runtimes are"),
        (["--cpu", "iris"], "argument --cpu: invalid HOST:HTTP[:GRPC[:METRICS]] value: 'iris'"),
        (
            ["--cpu", "iris:8080", "--grpc-port", "8081"],
            "--grpc-port needs a gRPC port in every --cpu and --gpu, as in iris-cpu:8080:8081",
        ),
        (["--cpu", "iris:8080", "--tls-key", "k"], "--tls-certificate and --tls-key go together"),
        (
            ["--cpu", "iris:8080", "--tls-client-authority", "k"],
            "--tls-client-authority needs --tls-certificate and --tls-key",
        ),
        (
            ["--cpu", "i:1", "--look-seconds", "0"],
            "argument --look-seconds: invalid number of at least 0.01 value: '0'",
        ),
    ],
)
def test_a_command_line_that_is_not_one_is_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as error:
        parse(arguments)
    assert error.value.code == 2
    assert capsys.readouterr().err.endswith(f"error: {told}\n")


def refused(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "inference_router", "--host", "127.0.0.1", "--cpu", "127.0.0.1:1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_what_can_not_be_started_says_why(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("tarif = 1")
    code, said = refused("--port", "0", "--policy", str(policy))
    assert (code, f"can't start: {policy}: Object contains unknown field `tarif`" in said) == (1, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = refused("--port", port)
        assert (code, f"can't start: 127.0.0.1 port {port}: Address already in use" in said) == (1, True)
    code, said = refused("--port", "0", "--tls-certificate", "none.pem", "--tls-key", "none.pem")
    assert (code, "can't start: " in said and "Traceback" not in said) == (1, True)


def test_neither_onnx_runtime_nor_numpy_is_imported() -> None:
    check = (
        "import sys, inference_router.__main__; "
        "sys.exit(str({'numpy', 'onnxruntime', 'grpc', 'google.protobuf'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)
    assert done.stderr == "set()\n"


def test_it_answers_while_no_runtime_is_there_and_is_ready_once_one_is(tiny: Path, route: Route) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    router = route(f"127.0.0.1:{port}:1", None)
    with router.client() as client:
        assert client.get("/v2/health/live").status_code == 200
        assert client.get("/v2/health/ready").status_code == 503
        server = ServerProcess(tiny, "--port", str(port))
        try:
            until(lambda: client.get("/v2/health/ready").status_code == 200, message="it is never ready")
            assert client.post(INFER, content=infer()).status_code == 200
        finally:
            server.close()


def test_a_name_that_nobody_knows_has_no_endpoints(
    module_servers: tuple[ServerProcess, ServerProcess], route: Route
) -> None:
    router = route(module_servers[0], "no-such-runtime.invalid:8080:8081")
    with router.client() as client:
        assert client.post(INFER, content=infer()).headers["falaj-side"] == "cpu"
    assert router.metrics()['inference_router_ready_endpoints{side="gpu"}'] == 0
    assert not [line for line in router.lines if line["level"] == "error"]


@pytest.mark.slow
def test_a_router_that_leaves_loses_no_request(
    module_servers: tuple[ServerProcess, ServerProcess], route: Route
) -> None:
    """As a gateway sees it: it stops sending as soon as it is told, and asks again what was surely not begun."""
    router = route(*module_servers, options=("--drain-seconds", "3", "--grace-seconds", "5"))
    with load(router, rest=3, calls=3) as tally:
        tally.until(200)
        router.process.terminate()
        with httpx2.Client(base_url=router.url) as client:
            until(lambda: client.get("/v2/health/ready").status_code == 503, message="it stays ready")
        tally.until(20)
        tally.stop()
    assert set(tally.outcomes) == {"rest 200", "grpc OK"}, tally.outcomes
    assert router.wait() == 0
    assert [line["message"] for line in router.lines if line["logger"].endswith((".ending", ".life"))][-2:] == [
        "draining",
        "stopped",
    ]


def test_speaks_tls_to_clients_it_knows_over_both_ways_in(
    module_servers: tuple[ServerProcess, ServerProcess], tmp_path: Path
) -> None:
    authority = Authority("routers")
    chain, key = authority.write(tmp_path, "router")
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    tls = ("--tls-certificate", str(chain), "--tls-key", str(key), "--tls-client-authority", str(tmp_path / "ca.pem"))
    router = RouterProcess(*module_servers, *tls)
    try:
        router.said("ready")
        host, port = router.address
        context = ssl.create_default_context(cadata=authority.pem.decode())
        with pytest.raises(httpx2.HTTPError), httpx2.Client(verify=context) as stranger:
            stranger.get(f"https://{host}:{port}/v2/health/ready")
        context.load_cert_chain(chain, key)
        with httpx2.Client(verify=context, base_url=f"https://{host}:{port}") as client:
            assert client.post(INFER, content=infer()).status_code == 200
        known = grpc.ssl_channel_credentials(authority.pem, key.read_bytes(), chain.read_bytes())
        with grpc.secure_channel(router.grpc_url, known) as channel:
            answer, _ = ask(channel, message())
            assert answer.raw_output_contents[0] == bytes(8)
        channel_: Any = grpc.secure_channel(router.grpc_url, grpc.ssl_channel_credentials(authority.pem))
        with channel_ as channel, pytest.raises(grpc.RpcError) as error:
            ask(channel, message())
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
    finally:
        router.close()
