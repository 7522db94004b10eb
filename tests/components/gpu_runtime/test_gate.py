"""The gate: which nodes it opens, what it asks of the API server, and what it does when that refuses."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from components.gpu import gate
from components.gpu.gate_pod import guard, program
from components.node_pools.contract import GPU_NOT_READY, POOL, POOL_NAME

CPU_ONLY = {"cpu": "4", "memory": "16Gi"}
ONE_GPU = {**CPU_ONLY, "nvidia.com/gpu": "1"}
LIFTED = [
    {"op": "test", "path": "/spec/taints/1/key", "value": "falaj.dev/gpu-not-ready"},
    {"op": "remove", "path": "/spec/taints/1"},
]


def node(
    name: str = "one",
    allocatable: dict[str, str] | None = None,
    *,
    marked: bool = True,
    pool: str = "gpu",
    **labels: str,
) -> dict[str, Any]:
    taints = [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]
    if marked:
        taints.append({"key": "falaj.dev/gpu-not-ready", "value": "true", "effect": "NoSchedule"})
    named = {key.replace("__", "/").replace("_", "."): value for key, value in labels.items()}
    return {
        "metadata": {"name": name, "labels": {"falaj.dev/pool": "gpu", "falaj.dev/pool-name": pool, **named}},
        "spec": {"taints": taints},
        "status": {"allocatable": ONE_GPU if allocatable is None else allocatable},
    }


def pod(on: str, *, ready: bool) -> dict[str, Any]:
    conditions = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": str(ready)}]
    return {"spec": {"nodeName": on}, "status": {"conditions": conditions}}


@dataclass
class ApiServer:
    """What it holds, and what it was asked."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    pods: list[dict[str, Any]] = field(default_factory=list)
    patches: list[tuple[str, str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refusals: int = 0


@pytest.fixture
def server() -> Iterator[tuple[ApiServer, int]]:
    """An API server on this machine, as far as the gate asks one."""
    held = ApiServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            held.asked.append(self.path)
            held.tokens.add(self.headers["Authorization"])
            if held.refusals:
                held.refusals -= 1
                self._say(403, {"message": "nodes is forbidden"})
                return
            self._say(200, {"items": held.nodes if self.path.startswith("/api/v1/nodes") else held.pods})

        def do_PATCH(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            held.patches.append((self.path, self.headers["Content-Type"], content))
            self._say(200, {})

        def _say(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield held, serving.server_address[1]
    serving.shutdown()
    thread.join()
    serving.server_close()


@pytest.fixture
def api(server: tuple[ApiServer, int], tmp_path: Path) -> gate.Api:
    """The gate's way to it. TLS is the standard library's; here there is none."""
    token = tmp_path / "token"
    token.write_text("secret\n")
    return gate.Api(http.client.HTTPConnection("127.0.0.1", server[1], timeout=10), token)


@pytest.mark.parametrize(
    ("found", "ready"),
    [
        (node(), True),
        (node(allocatable=CPU_ONLY), False),
        (node(allocatable={**CPU_ONLY, "nvidia.com/gpu": "0"}), False),
        (node(allocatable={**CPU_ONLY, "nvidia.com/gpu": "0", "nvidia.com/mig-1g.10gb": "7"}), True),
        (node(nvidia_com__mig_config="all-disabled"), True),
        (node(nvidia_com__mig_config="7x1g.10gb"), False),
        (node(nvidia_com__mig_config="7x1g.10gb", nvidia_com__mig_config_state="rebooting"), False),
        (node(nvidia_com__mig_config="7x1g.10gb", nvidia_com__mig_config_state="success"), True),
        ({"metadata": {}, "spec": {}}, False),
    ],
)
def test_a_node_is_ready_once_it_offers_gpus_divided_as_asked(found: dict[str, Any], *, ready: bool) -> None:
    assert gate.is_ready(found) is ready


def test_the_taint_is_taken_off_by_its_place_and_only_if_it_is_still_there() -> None:
    assert gate.lifting(node()) == LIFTED
    assert gate.lifting(node(marked=False)) == []
    assert gate.lifting({"spec": {}}) == []


def test_only_nodes_whose_gpus_can_be_had_are_opened(server: tuple[ApiServer, int], api: gate.Api) -> None:
    held, _ = server
    held.nodes = [node("ready"), node("booting", CPU_ONLY), node("open", marked=False)]

    assert list(gate.look(api, "gpu-operator", frozenset())) == ["ready"]
    assert held.patches == [("/api/v1/nodes/ready", "application/json-patch+json", LIFTED)]
    assert held.asked == ["/api/v1/nodes?labelSelector=falaj.dev/pool%3Dgpu"]
    assert held.tokens == {"Bearer secret"}


def test_where_gpus_have_to_be_hidden_a_node_waits_for_that(server: tuple[ApiServer, int], api: gate.Api) -> None:
    held, _ = server
    held.nodes = [node("hidden", pool="a"), node("shown", pool="a"), node("alone", pool="a"), node("other", pool="b")]
    held.pods = [pod("hidden", ready=True), pod("shown", ready=False)]

    assert list(gate.look(api, "gpu-operator", frozenset({"a"}))) == ["hidden", "other"]
    assert held.asked[1] == (
        "/api/v1/namespaces/gpu-operator/pods?labelSelector=app.kubernetes.io/name%3Dgpu-hardening"
    )


def test_with_no_node_waiting_nothing_else_is_asked(server: tuple[ApiServer, int], api: gate.Api) -> None:
    held, _ = server
    held.nodes = [node(marked=False)]

    assert list(gate.look(api, "gpu-operator", frozenset({"gpu"}))) == []
    assert len(held.asked) == 1


def test_a_refusal_is_said_and_outlived(
    server: tuple[ApiServer, int], api: gate.Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, _ = server
    held.nodes, held.refusals = [node()], 2
    monkeypatch.setattr("components.gpu.gate.time.sleep", _ends_after(3))

    with pytest.raises(StopIteration):
        gate.watch(api, "gpu-operator", frozenset())
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    refusal = (
        'GET /api/v1/nodes?labelSelector=falaj.dev/pool%3Dgpu was answered with 403: {"message": "nodes is forbidden"}'
    )
    assert said == [
        {"event": "failed", "error": refusal, "failures": 1},
        {"event": "failed", "error": refusal, "failures": 2},
        {"event": "lifted", "node": "one", "taint": "falaj.dev/gpu-not-ready"},
    ]


def test_it_ends_when_nothing_works_so_that_it_is_started_anew(
    server: tuple[ApiServer, int], api: gate.Api, capsys: pytest.CaptureFixture[str]
) -> None:
    held, _ = server
    held.refusals = gate.MOST_FAILURES

    gate.watch(api, "gpu-operator", frozenset(), pause=0)
    assert len(capsys.readouterr().out.splitlines()) == gate.MOST_FAILURES


def test_its_words_are_those_of_the_pools() -> None:
    assert (GPU_NOT_READY.key, POOL_NAME) == (gate.NOT_READY, gate.POOL_NAME)
    assert gate.NODES.endswith(f"labelSelector={POOL}%3Dgpu")


def test_what_is_mounted_is_the_program_and_stands_on_the_standard_library_alone() -> None:
    assert program() == Path(gate.__file__).read_text(encoding="utf-8")
    assert "components" not in program()
    assert "falaj." not in program().replace("falaj.dev/", "")


def test_its_account_is_held_to_taking_one_taint_off() -> None:
    made = guard()

    assert made["match_conditions"] == [
        {
            "name": "is-the-gate",
            "expression": "request.userInfo.username == 'system:serviceaccount:gpu-operator:gpu-gate'",
        }
    ]
    assert [each["resources"] for each in made["match_constraints"]["resource_rules"]] == [["nodes"]]
    assert {each["message"] for each in made["validations"]} == {
        "the gate may take falaj.dev/gpu-not-ready off a node, and no more"
    }


def _ends_after(turns: int) -> Any:  # noqa: ANN401 - stands in for a function that never ends the loop
    left = iter(range(turns - 1))

    def sleep(_: float) -> None:
        next(left)

    return sleep
