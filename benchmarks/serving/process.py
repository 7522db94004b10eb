"""A server as a process tree of its own: started, frozen while others are measured, stopped."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.serving.answers import HOST, Caller, Expected, NotAnsweredError
from benchmarks.serving.contenders import Contender, Ports
from benchmarks.serving.errors import MeasurementError
from benchmarks.serving.models import Model
from benchmarks.serving.requests import Request
from benchmarks.serving.surroundings import Bench
from benchmarks.surroundings import inherited

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.01
"""How often a starting server is asked. To answer that it is not there yet takes some of the time that is measured."""
MEBIBYTE = 2**20
COUNTER = re.compile(r"^nv_inference_request_success\{[^}]*\} (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """Megabytes (2**20) of a whole process tree."""

    proportional: float
    """PSS: pages that several processes share are counted in parts."""

    resident: float


class Server:
    """A running server; ``start`` gives it, ``stop`` ends it and everything it started."""

    def __init__(
        self, contender: Contender, ports: Ports, process: subprocess.Popen[bytes], log: Path, started: float
    ) -> None:
        self.name = contender.name
        self.ports = ports
        self.started = started
        self._counts = contender.counts
        self._process = process
        self._log = log

    def wait_until_right(self, request: Request, expected: Expected) -> float:
        """Seconds from the start of the process to its first right answer; refuses a server that never gives one."""
        port = self.port_of(request)
        last: Exception | None = None
        while self._process.poll() is None:
            try:
                found = Caller(port, expected.name).call(request)
            except NotAnsweredError as problem:
                last = problem
            else:
                waited = time.perf_counter() - self.started
                expected.check(found, self.name)
                return waited
            if time.perf_counter() - self.started > START_SECONDS:  # it may be asked long after it started
                break
            time.sleep(POLL_SECONDS)
        raise MeasurementError(f"{self.name} did not start: {last}\n{self.last_words()}")

    def check(self, request: Request, expected: Expected) -> None:
        """Refuse a server that does not give the right answer now."""
        caller = Caller(self.port_of(request), expected.name)
        try:
            expected.check(caller.call(request), self.name)
        except NotAnsweredError as problem:
            raise MeasurementError(f"{self.name} does not answer: {problem}\n{self.last_words()}") from problem
        finally:
            caller.close()

    def port_of(self, request: Request) -> int:
        """The port for a request of this protocol."""
        return self.ports.grpc if request.path.startswith("/inference.") else self.ports.http

    def counted(self) -> float | None:
        """The requests that its metrics say it answered; nothing for one that isn't asked."""
        return counted(self.metrics()) if self._counts else None

    def metrics(self) -> str:
        """What it tells Prometheus."""
        with urllib.request.urlopen(f"http://{HOST}:{self.ports.http}/metrics") as answer:
            content: bytes = answer.read()
        return content.decode()

    def descriptors(self) -> int:
        """The files and sockets that its processes have open now."""
        return sum(each.num_fds() for each in self._tree())

    def processor_seconds(self) -> float:
        """The processor time that its processes have used so far."""
        return sum(sum(each.cpu_times()[:2]) for each in self._tree())

    def memory(self) -> Memory:
        """What the tree of processes holds now."""
        found = [each.memory_full_info() for each in self._tree()]
        return Memory(sum(each.pss for each in found) / MEBIBYTE, sum(each.rss for each in found) / MEBIBYTE)

    def freeze(self) -> None:
        """Stop every process where it stands, so that it takes no time from another server."""
        self._each("suspend")

    def thaw(self) -> None:
        """Let them go on."""
        self._each("resume")

    def stop(self) -> int:
        """Ask it to end, then make it; the exit code."""
        tree = self._tree()
        self.thaw()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        for each in tree:
            with contextlib.suppress(psutil.Error):
                each.kill()
        return self._process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-3000:]

    def log(self) -> str:
        """All that it said."""
        return self._log.read_text(errors="replace")

    def _tree(self) -> list[psutil.Process]:
        try:
            root = psutil.Process(self._process.pid)
            return [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _each(self, action: str) -> None:
        for each in self._tree():
            with contextlib.suppress(psutil.Error):
                getattr(each, action)()


def counted(metrics: str) -> float:
    """The successful requests in Prometheus text, all models and versions together."""
    return sum(float(value) for value in COUNTER.findall(metrics))


def start(bench: Bench, contender: Contender, model: Model, *, within: Sequence[str] = ()) -> Server:
    """Start a server on the server's core, or ``within`` another command that says where."""
    ports = Ports.free()
    folder = bench.folder / f"{ports.http}"
    folder.mkdir()
    command = contender.command(model, ports, folder)
    arguments = [*within, *command.arguments] if within else bench.cores.on_server_core(command.arguments)
    log = folder / "log"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env={**inherited(), **command.variables},
            start_new_session=True,
        )
    return Server(contender, ports, process, log, started)


@contextmanager
def running(bench: Bench, contender: Contender, model: Model, *, within: Sequence[str] = ()) -> Iterator[Server]:
    """A server that is stopped whatever happens."""
    bench.tell(f"starting {contender.name} with {model.name}")
    server = start(bench, contender, model, within=within)
    try:
        yield server
    finally:
        server.stop()
