"""Those who call during the soak: patient ones, ones that hang up, ones that ask for what can't be had."""

from __future__ import annotations

import http.client
import itertools
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import grpc
from tritonclient.grpc import service_pb2

from benchmarks.serving.answers import HOST, PATIENCE, Caller, NotAnsweredError, from_grpc
from benchmarks.serving.contenders import Ports
from benchmarks.serving.endurance.cases import FAULTS, Case
from benchmarks.serving.endurance.tally import Tally
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.requests import GRPC_METHOD, Protocol

LONGEST_STAY_SECONDS = 0.03
"""How long those wait who hang up."""
STREAM_METHOD = "/inference.GRPCInferenceService/ModelStreamInfer"
STREAMED = 5
LOOK_SECONDS = 1.0
Act = Callable[[], None]


class Callers:
    """Threads that call until they are told to stop."""

    def __init__(self, ports: Ports, cases: Sequence[Case], tally: Tally) -> None:
        self._ports = ports
        self._cases = cases
        self._tally = tally
        self._stop = threading.Event()
        self._chance = random.Random(0)  # noqa: S311 - whom to ask, no secret

    @contextmanager
    def calling(self) -> Iterator[None]:
        """All of them at work; each ends its last exchange before this ends."""
        acts = {
            "REST hang-ups": self._leave,
            "gRPC hang-ups": self._leaving_grpc(),
            "refusals": self._refused(),
            "metrics": self._look,
        }
        for model in dict.fromkeys(each.model for each in self._cases):
            mine = [each for each in self._cases if each.model == model]
            acts[f"{model}, REST JSON"] = self._patient(Protocol.JSON, mine)
            acts[f"{model}, REST binary"] = self._patient(Protocol.BINARY, mine)
            acts[f"{model}, gRPC"] = self._patient_grpc(mine)
            acts[f"{model}, gRPC stream"] = self._streaming(mine)
        threads = [threading.Thread(target=self._repeat, args=each) for each in acts.items()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _repeat(self, kind: str, act: Act) -> None:
        while not self._stop.is_set():
            started = time.perf_counter()
            try:
                act()
            except (NotAnsweredError, MeasurementError, OSError, http.client.HTTPException, grpc.RpcError) as problem:
                self._tally.wrong(kind, str(problem) or repr(problem))
                self._stop.wait(LONGEST_STAY_SECONDS)
            else:
                self._tally.right(kind, time.perf_counter() - started)

    def _patient(self, protocol: Protocol, cases: Sequence[Case]) -> Act:
        caller = Caller(self._ports.http, cases[0].expected.name)

        def act() -> None:
            case = self._chance.choice(cases)
            case.expected.check(caller.call(case.asked(protocol)), "the server")

        return act

    def _patient_grpc(self, cases: Sequence[Case]) -> Act:
        call = self._channel().unary_unary(GRPC_METHOD, None, None)

        def act() -> None:
            case = self._chance.choice(cases)
            content = call(case.asked(Protocol.GRPC).body, timeout=PATIENCE)
            case.expected.check(from_grpc(content, case.expected.name), "the server")

        return act

    def _streaming(self, cases: Sequence[Case]) -> Act:
        call = self._channel().stream_stream(STREAM_METHOD, None, None)

        def act() -> None:
            asked = [self._chance.choice(cases) for _ in range(STREAMED)]
            answers = call(iter([each.asked(Protocol.GRPC).body for each in asked]), timeout=PATIENCE)
            found = [service_pb2.ModelStreamInferResponse.FromString(each) for each in answers]
            if len(found) != STREAMED:
                raise NotAnsweredError(f"{len(found)} answers to {STREAMED} requests of a stream")
            for case, answer in zip(asked, found, strict=True):
                if answer.error_message:
                    raise NotAnsweredError(answer.error_message)
                content = answer.infer_response.SerializeToString()
                case.expected.check(from_grpc(content, case.expected.name), "the server")

        return act

    def _leave(self) -> None:
        """Send a request, or a part of it, and hang up before or while it is answered."""
        asked = self._chance.choice(self._cases).asked(Protocol.JSON)
        head = f"POST {asked.path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(asked.body)}\r\n\r\n".encode()
        whole = head + asked.body
        sent = whole if self._chance.random() < 0.5 else whole[: self._chance.randrange(len(whole))]  # noqa: PLR2004 - half of them
        with socket.create_connection((HOST, self._ports.http), timeout=PATIENCE) as connection:
            connection.sendall(sent)
            self._stay()

    def _leaving_grpc(self) -> Act:
        call = self._channel().unary_unary(GRPC_METHOD, None, None)

        def act() -> None:
            answer = call.future(self._chance.choice(self._cases).asked(Protocol.GRPC).body, timeout=PATIENCE)
            self._stay()
            answer.cancel()  # type: ignore[no-untyped-call]  # the stubs leave it out

        return act

    def _refused(self) -> Act:
        faults = itertools.cycle(FAULTS)
        connection = http.client.HTTPConnection(HOST, self._ports.http, timeout=PATIENCE)

        def act() -> None:
            fault = next(faults)
            connection.request("POST", fault.path, fault.body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != fault.status:
                raise NotAnsweredError(f"{fault.path} gave {answer.status}, expected {fault.status}: {content!r}")
            self._stay()

        return act

    def _look(self) -> None:
        """What a cluster asks all the time."""
        connection = http.client.HTTPConnection(HOST, self._ports.http, timeout=PATIENCE)
        for path in ("/metrics", "/v2/health/live", "/v2/health/ready"):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                raise NotAnsweredError(f"{path} gave {answer.status}")
        connection.close()
        self._stop.wait(LOOK_SECONDS)

    def _channel(self) -> grpc.Channel:
        return grpc.insecure_channel(f"{HOST}:{self._ports.grpc}", options=[("grpc.use_local_subchannel_pool", 1)])

    def _stay(self) -> None:
        self._stop.wait(self._chance.uniform(0, LONGEST_STAY_SECONDS))
