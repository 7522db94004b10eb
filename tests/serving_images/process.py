"""The real server as a process of its own."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2

PATIENCE = 60.0


class ServerProcess:
    """``python -m onnxruntime_server`` on a free port of the loopback.

    ``within`` is a command that runs it, such as one that sets a limit.
    """

    program = "onnxruntime_server"

    def __init__(self, models: Path, *options: str, within: Sequence[str] = ()) -> None:
        self._start([*within, sys.executable, "-m", self.program, "--models", str(models)], options)

    def _start(self, command: Sequence[str], options: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0", *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"PYTHONWARNINGS": "error"},
        )
        self.lines: list[dict[str, Any]] = []
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def said(self, message: str) -> dict[str, Any]:
        """Wait for a log line."""
        for line in self.lines:
            if line["message"] == message:
                return line
        while (read := self._queue.get(timeout=PATIENCE)) is not None:
            self.lines.append(read)
            if read["message"] == message:
                return read
        raise AssertionError(f"the server ended without saying '{message}': {self.lines}")

    @property
    def address(self) -> tuple[str, int]:
        line = self.said("listening")
        return line["host"], line["port"]

    @property
    def url(self) -> str:
        host, port = self.address
        return f"http://{host}:{port}"

    @property
    def grpc_url(self) -> str:
        line = self.said("listening")
        return f"{line['host']}:{line['grpc_port']}"

    def client(self) -> httpx2.Client:
        self.said("ready")
        return httpx2.Client(base_url=self.url, timeout=PATIENCE)

    def exchange(self, data: bytes) -> bytes:
        """Send bytes on a connection of their own; everything that comes back until the server closes it."""
        with socket.create_connection(self.address, timeout=PATIENCE) as connection:
            connection.sendall(data)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
        return received

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        while not self._queue.empty():
            if (line := self._queue.get()) is not None:
                self.lines.append(line)
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        self.process.stderr.close()


def until(condition: Callable[[], bool], *, message: str) -> None:
    """Wait for a condition that another process brings about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.01)
