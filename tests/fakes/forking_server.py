"""Imports what it is told to, then forks whoever asks: `python -P forking_server.py SOCKET MODULE[:NAME] …`.

Run as a script by `tests.fakes.forked_python`, in one thread, so that a fork is safe.
"""

from __future__ import annotations

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
    """A process that was asked for, and the connection that waits for its exit status."""

    pid: int
    asked: socket.socket


class Server:
    """Forks on request until its owner is gone; ends a process when whoever asked for it is."""

    def __init__(self, listener: socket.socket) -> None:
        self._events = selectors.DefaultSelector()
        self._events.register(OWNER, selectors.EVENT_READ)
        self._events.register(listener, selectors.EVENT_READ, listener)
        self._children: dict[int, Child] = {}

    def serve(self) -> None:
        """Return in a forked process alone, once it has become what was asked for."""
        while True:
            for key, _ in self._events.select():
                if key.fileobj == OWNER:
                    self._end_all()
                    os._exit(0)
                elif isinstance(key.data, Child):
                    self._settle(key.fd, key.data)
                elif isinstance(key.data, socket.socket) and self._start(key.data.accept()[0]):
                    return

    def _start(self, asked: socket.socket) -> bool:
        """Whether this is the forked process."""
        size, streams, _, _ = socket.recv_fds(asked, 8, 3)
        request = marshal.loads(_exactly(asked, int.from_bytes(size)))  # noqa: S302 - from our own client
        pid = os.fork()
        if pid == 0:
            asked.close()
            self._leave()
            _become(streams, *request)
            return True
        for stream in streams:
            os.close(stream)
        exited = os.pidfd_open(pid)
        child = self._children[exited] = Child(pid, asked)
        self._events.register(exited, selectors.EVENT_READ, child)
        self._events.register(asked, selectors.EVENT_READ, child)
        return False

    def _settle(self, ready: int, child: Child) -> None:
        """Tell the exit status of a process that ended, or end one that nobody waits for any more."""
        if ready not in self._children:
            os.killpg(child.pid, signal.SIGKILL)
            self._events.unregister(child.asked)
            return
        del self._children[ready]
        self._events.unregister(ready)
        os.close(ready)
        status = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        if child.asked in self._events.get_map():
            self._events.unregister(child.asked)
            child.asked.sendall(bytes([status % 256]))
        child.asked.close()

    def _end_all(self) -> None:
        for child in self._children.values():
            os.killpg(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)

    def _leave(self) -> None:
        """Let go of what belongs to the server and to other processes."""
        for key in list(self._events.get_map().values()):
            if key.fd != OWNER:
                os.close(key.fd)
        self._events.close()


def _exactly(asked: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        parts += asked.recv(size - len(parts))
    return bytes(parts)


def _become(streams: list[int], folder: str, arguments: list[str], environment: dict[str, str]) -> None:
    """Take on the streams, folder, environment and arguments of whoever asked."""
    os.setsid()
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
    for wanted in sys.argv[2:]:
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
