"""Callers that ask without a pause, over REST and over gRPC, and keep what came of it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import httpx2
from tritonclient.grpc.service_pb2 import ModelInferRequest, ModelInferResponse

from tests.serving_images.router.process import RouterProcess, infer

CALL = "/inference.GRPCInferenceService/ModelInfer"
PATIENCE = 30.0


@dataclass
class Tally:
    """What the callers saw, until they were told to stop."""

    outcomes: Counter[str] = field(default_factory=Counter)
    sides: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    _stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        self._stopping.set()

    def note(self, outcome: str, side: str, seconds: float) -> None:
        with self._lock:
            self.outcomes[outcome] += 1
            self.sides[side] += 1
            self.slowest = max(self.slowest, seconds)

    @property
    def asked(self) -> int:
        return self.outcomes.total()

    def until(self, more: int) -> None:
        """Wait for so many more answers."""
        wanted, deadline = self.asked + more, time.monotonic() + PATIENCE
        while self.asked < wanted:
            assert time.monotonic() < deadline, f"the callers hang: {self.outcomes}"
            time.sleep(0.005)


def message(rows: int = 2, model: str = "tiny") -> bytes:
    request = ModelInferRequest(model_name=model)
    request.inputs.add(name="x", datatype="FP32", shape=[rows])
    request.raw_input_contents.append(bytes(4 * rows))
    data: bytes = request.SerializeToString()
    return data


def ask(channel: Any, data: bytes, **metadata: str) -> tuple[Any, dict[str, str]]:  # noqa: ANN401 - the stubs know too little of grpcio
    """The answer to a message, and the metadata that came with it."""
    call = channel.unary_unary(CALL, response_deserializer=ModelInferResponse.FromString)
    given = [(name.replace("_", "-"), value) for name, value in metadata.items()]
    answer, done = call.with_call(data, timeout=PATIENCE, metadata=given)
    return answer, dict(done.initial_metadata())


@contextmanager
def load(router: RouterProcess, *, rest: int = 4, calls: int = 4) -> Iterator[Tally]:
    """So many callers of each kind, from here to the end of the block."""
    tally = Tally()
    workers = [threading.Thread(target=_rest, args=[router, tally]) for _ in range(rest)]
    workers += [threading.Thread(target=_grpc, args=[router, tally]) for _ in range(calls)]
    for worker in workers:
        worker.start()
    try:
        yield tally
    finally:
        tally.stop()
        for worker in workers:
            worker.join(PATIENCE)


def _rest(router: RouterProcess, tally: Tally) -> None:
    body = infer()
    with httpx2.Client(base_url=router.url, timeout=PATIENCE) as client:
        while not tally.stopping:
            started = time.perf_counter()
            try:
                answer = client.post("/v2/models/tiny/infer", content=body)
                outcome = str(answer.status_code)
                side = answer.headers.get("falaj-side", "")
                if answer.status_code == 200 and answer.json()["outputs"][0]["data"] != [0.0, 1.0]:
                    outcome = "wrong"
            except httpx2.HTTPError as error:
                outcome, side = type(error).__name__, ""
            tally.note(f"rest {outcome}", side, time.perf_counter() - started)


def _grpc(router: RouterProcess, tally: Tally) -> None:
    data = message()
    with grpc.insecure_channel(router.grpc_url, options=[("grpc.enable_retries", 0)]) as channel:
        while not tally.stopping:
            started = time.perf_counter()
            side = ""
            try:
                answer, metadata = ask(channel, data)
                outcome = "OK" if answer.raw_output_contents[0] == bytes(8) else "wrong"
                side = metadata.get("falaj-side", "")
            except grpc.RpcError as error:
                outcome = f"{error.code().name}: {error.details()}"
            tally.note(f"grpc {outcome}", side, time.perf_counter() - started)
