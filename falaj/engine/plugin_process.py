"""Processes that the engine starts: the program, providers and policy packs. None outlives the engine."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

import grpc

CHANNEL_OPTIONS = (
    ("grpc.max_receive_message_length", 400 << 20),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 64 << 20),
    ("grpc.absolute_max_metadata_size", 64 << 20),
    ("grpc.enable_http_proxy", 0),
)
"""Pulumi's message size, room for a whole object in an error's details, and never a proxy on the way to loopback."""

START_SECONDS = 60.0
"""How long a plugin may take to print its port."""

OutputLine = Callable[[str, str], None]
"""Told every line a process prints: the stream's name, ``stdout`` or ``stderr``, and the line."""

# A child is killed when the thread that started it ends (PR_SET_PDEATHSIG), so one thread that lives as long as the
# engine starts them all.
_starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="plugin-starter")


class PluginError(Exception):
    """A process that did not start, or ended when it should not have."""


class ChildProcess:
    """A process in a session of its own, so that Ctrl-C reaches the engine alone; killed with the engine."""

    def __init__(self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], on_line: OutputLine) -> None:
        self._on_line = on_line
        self._process = _starter.submit(self._start, list(command), cwd, dict(environment)).result()
        self._readers: list[threading.Thread] = []

    @staticmethod
    def _start(command: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
        setpriv = shutil.which("setpriv")
        guarded = [setpriv, "--pdeathsig", "KILL", "--", *command] if setpriv else command
        return subprocess.Popen(
            guarded,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
            errors="replace",
        )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def first_line(self, seconds: float) -> str:
        """The first line it prints on stdout. Raises ``PluginError`` when it ends or the time runs out before."""
        answer: Future[str] = Future()
        self.read_output(first_line=answer)
        try:
            line = answer.result(timeout=seconds)
        except TimeoutError:
            raise PluginError(f"it printed no port within {seconds:.0f} s") from None
        if not line:
            raise PluginError(f"it ended with exit status {self._process.wait()} before printing its port")
        return line.strip()

    def read_output(self, first_line: Future[str] | None = None) -> None:
        """Start passing on what it prints."""
        for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            answer = first_line if name == "stdout" else None
            reader = threading.Thread(target=self._read, args=(name, stream, answer), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _read(self, name: str, stream: IO[str], first_line: Future[str] | None) -> None:
        with contextlib.suppress(ValueError):
            if first_line is not None:
                first_line.set_result(stream.readline())
            for line in stream:
                self._on_line(name, line.rstrip("\n"))

    def wait(self) -> int:
        """Its exit status, once it has ended and everything it printed was passed on."""
        status = self._process.wait()
        self._join_readers()
        return status

    def kill(self) -> None:
        """End it and whatever it started, now."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._join_readers()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _join_readers(self) -> None:
        for reader in self._readers:
            reader.join(timeout=2)


class Plugin:
    """A child process that serves gRPC on the port it prints, and a channel to it."""

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        on_line: OutputLine,
        seconds: float = START_SECONDS,
    ) -> None:
        try:
            self.process = ChildProcess(command, cwd, environment, on_line)
        except OSError as error:
            raise PluginError(f"it can not be started: {error}") from error
        try:
            line = self.process.first_line(seconds)
            if not line.isdigit():
                raise PluginError(f"it printed {line!r} instead of its port")  # noqa: TRY301 - one place cleans up
        except PluginError:
            self.process.kill()
            raise
        self.channel = open_channel(int(line))

    def close(self) -> None:
        """Close the channel and end the process."""
        self.channel.close()
        self.process.kill()


def open_channel(port: int) -> grpc.Channel:
    """A channel to a gRPC server on loopback."""
    return grpc.insecure_channel(f"127.0.0.1:{port}", options=list(CHANNEL_OPTIONS))
