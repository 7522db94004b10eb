"""Imports what it is told to, then forks for whoever asks: `python -P forking_server.py SOCKET`.

Run as a script by `tests.fakes.forked_python`, in one thread, so that a fork is safe. It reads what to import from its
standard input, a MODULE or MODULE:NAME on each line, up to an empty one.
"""

from __future__ import annotations

import contextlib
import gc
import marshal
import os
import runpy
import selectors
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module

from falaj.engine.generated_code import import_quickly

OWNER = 0
"""Standard input: ends when whoever started this process does."""


@dataclass(frozen=True)
class Child:
    """A process that was asked for, the descriptor that tells its end, and the connection of whoever waits for that."""

    pid: int
    exited: int
    asked: socket.socket


class Server:
    """Forks on request until its owner is gone; ends a process when whoever asked for it is."""

    def __init__(self, listener: socket.socket) -> None:
        self._events = selectors.DefaultSelector()
        self._events.register(OWNER, selectors.EVENT_READ)
        self._events.register(listener, selectors.EVENT_READ, listener)
        self._children: set[Child] = set()

    def serve(self) -> None:
        """Return in a forked process alone, once it has become what was asked for."""
        while True:
            for key, _ in self._events.select():
                if key.fileobj == OWNER:
                    self._end_all()
                    os._exit(0)
                elif isinstance(key.data, Child):
                    self._settle(key.fileobj == key.data.exited, key.data)
                elif isinstance(key.data, socket.socket) and self._start(key.data.accept()[0]):
                    return

    def _start(self, asked: socket.socket) -> bool:
        """Whether this is the forked process."""
        size, streams, _, _ = socket.recv_fds(asked, 8, 3)
        request = _exactly(asked, int.from_bytes(size, "big"))
        pid = os.fork() if request else None
        if pid == 0:
            asked.close()
            self._leave()
            _become(streams, *marshal.loads(request))  # noqa: S302 - from our own client
            return True
        for stream in streams:
            os.close(stream)
        if pid is None:
            asked.close()
            return False
        with contextlib.suppress(PermissionError):  # the child was quicker
            os.setpgid(pid, pid)
        child = Child(pid, os.pidfd_open(pid), asked)
        self._children.add(child)
        self._events.register(child.exited, selectors.EVENT_READ, child)
        self._events.register(asked, selectors.EVENT_READ, child)
        return False

    def _settle(self, has_ended: bool, child: Child) -> None:
        """Pass on how a process ended, or end one that nobody waits for any more."""
        if child not in self._children:
            return
        if not has_ended:
            os.killpg(child.pid, signal.SIGKILL)
            self._events.unregister(child.asked)
            return
        self._children.remove(child)
        self._events.unregister(child.exited)
        os.close(child.exited)
        if child.asked in self._events.get_map():
            self._events.unregister(child.asked)
        status = os.waitpid(child.pid, 0)[1]
        with contextlib.suppress(OSError):  # nobody waits for it any more
            child.asked.sendall(status.to_bytes(4, "big"))
        child.asked.close()

    def _end_all(self) -> None:
        for child in self._children:
            os.killpg(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)

    def _leave(self) -> None:
        """Let go of what belongs to the server and to other processes."""
        for key in list(self._events.get_map().values()):
            if key.fd != OWNER:
                os.close(key.fd)
        self._events.close()


def _exactly(asked: socket.socket, size: int) -> bytes:
    """All of a message; nothing where whoever sends it ended before it did."""
    parts = bytearray()
    while len(parts) < size:
        part = asked.recv(size - len(parts))
        if not part:
            return b""
        parts += part
    return bytes(parts)


def _become(streams: list[int], folder: str, arguments: list[str], environment: dict[str, str]) -> None:
    """Take on the streams, folder, environment and arguments of whoever asked."""
    os.setpgid(0, 0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments


def _run() -> int:
    """Do what `python -P FILE …` and `python -m MODULE …` do; the exit status."""
    option, name, *sys.argv[1:] = sys.argv
    sys.argv[0] = name
    try:
        if option == "-m":
            sys.path.insert(0, os.getcwd())  # noqa: PTH109 - as Python itself
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(name, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else end.code is not None
    except BaseException:  # noqa: BLE001 - as Python itself
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Import, say that it is done, serve."""
    import_quickly()
    while wanted := sys.stdin.readline().strip():
        module, _, name = wanted.partition(":")
        getattr(import_module(module), name or "__name__")  # SDKs read a class when it is asked for
    gc.collect()
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    os.write(1, b"ready\n")
    Server(listener).serve()
    status = _run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
