"""Keeps the components of one node alive: starts them in order, starts them again, stops them in reverse."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from falaj.localcluster import allotment, components, control_groups, mount_view, state
from falaj.localcluster.components import Component
from falaj.localcluster.gpu import parts
from falaj.localcluster.packages import PROGRAM_PATH
from falaj.localcluster.places import Places

FIRST_WAIT = 0.25
LONGEST_WAIT = 10.0
STABLE_SECONDS = 30.0
STOP_SECONDS = 5.0
PROBE_INTERVAL = 0.1
LOG_INTERVAL = 30.0
LARGEST_LOG = 16 * 1024 * 1024


@dataclass
class Child:
    """A component and its process, if it has one."""

    component: Component
    """What to run."""

    process: subprocess.Popen[bytes] | None = None
    """Its process while it has one."""

    descriptor: int = -1
    """Becomes readable when the process ends."""

    served: bool = False
    """Whether it has served since the supervisor started."""

    restarts: int = 0
    """How often it had to be started again."""

    wait: float = FIRST_WAIT
    """How long it stays down after its next end."""

    due: float = 0.0
    """When it may be started, on the monotonic clock."""

    started: float = 0.0
    """When it was started last, on the monotonic clock."""


class Supervisor:
    """The loop. It sleeps until a component ends, a signal comes, or something is due."""

    def __init__(self, places: Places, table: tuple[Component, ...], binaries: Path) -> None:
        self._places = places
        self._binaries = binaries
        self._fingerprint = components.fingerprint(table)
        self._children = {component.name: Child(component) for component in table}
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._started = time.time()
        self._written: state.SupervisorState | None = None
        self._logs_due = 0.0

    def run(self) -> None:
        """Run until SIGTERM or SIGINT, then stop every component, the last started first."""
        self._listen_for_signals()
        while not self._stopping:
            for child in self._children.values():
                self._advance(child)
            self._write_state()
            self._shorten_logs()
            self._sleep()
        self._stop()

    def _listen_for_signals(self) -> None:
        reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer)
        self._selector.register(reader, selectors.EVENT_READ)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "_stopping", True))

    def _advance(self, child: Child) -> None:
        if child.process is None:
            ready = all(self._children[name].served for name in child.component.after)
            if ready and time.monotonic() >= child.due:
                self._start(child)
        elif not child.served:
            child.served = child.component.serves()

    def _start(self, child: Child) -> None:
        command = child.component.command
        environment = {"PATH": f"{self._binaries}:{PROGRAM_PATH}", "HOME": "/root", "LANG": "C.UTF-8"}
        with (self._places.logs / f"{child.component.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                command,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        child.started = time.monotonic()
        child.descriptor = os.pidfd_open(child.process.pid)
        self._selector.register(child.descriptor, selectors.EVENT_READ, child)

    def _sleep(self) -> None:
        now = time.monotonic()
        waits = [LOG_INTERVAL]
        for child in self._children.values():
            if child.process is None:
                waits.append(max(child.due - now, PROBE_INTERVAL))
            elif not child.served:
                waits.append(PROBE_INTERVAL)
        for key, _ in self._selector.select(min(waits)):
            if isinstance(key.data, Child):
                self._ended(key.data)

    def _ended(self, child: Child) -> None:
        assert child.process is not None  # noqa: S101 - its descriptor is registered only while it has a process
        status = child.process.wait()
        self._selector.unregister(child.descriptor)
        os.close(child.descriptor)
        if time.monotonic() - child.started > STABLE_SECONDS:
            child.wait = FIRST_WAIT
        self._say(f"{child.component.name} ended with status {status}; next start in {child.wait:g} s")
        child.process = None
        child.restarts += 1
        child.due = time.monotonic() + child.wait
        child.wait = min(child.wait * 2, LONGEST_WAIT)

    def _write_state(self) -> None:
        current = state.SupervisorState(
            pid=os.getpid(),
            started=self._started,
            binaries=str(self._binaries),
            fingerprint=self._fingerprint,
            components=tuple(
                state.ComponentStatus(
                    name=name,
                    pid=child.process.pid if child.process else None,
                    running=child.process is not None,
                    restarts=child.restarts,
                )
                for name, child in self._children.items()
            ),
        )
        if current != self._written:
            state.write(self._places, current)
            self._written = current

    def _shorten_logs(self) -> None:
        """Keep one older part of each log. Copy and truncate: the writers hold their file open."""
        if time.monotonic() < self._logs_due:
            return
        self._logs_due = time.monotonic() + LOG_INTERVAL
        for log in self._places.logs.glob("*.log"):
            if log.stat().st_size > LARGEST_LOG:
                log.with_suffix(".log.1").write_bytes(log.read_bytes())
                os.truncate(log, 0)

    def _stop(self) -> None:
        for child in reversed(self._children.values()):
            if child.process is None:
                continue
            child.process.terminate()
            try:
                child.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
            child.process = None
        self._write_state()

    @staticmethod
    def _say(sentence: str) -> None:
        sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {sentence}\n")
        sys.stderr.flush()


def main(name: str, binaries: Path, part: str) -> None:
    """Supervise a node whose files and namespaces are there; does nothing when another supervisor lives."""
    places = Places(name, part)
    if state.take_lock(places.supervisor_lock) is None:
        return
    control_groups.join(f"{places.control_group}/{control_groups.SYSTEM}")
    mount_view.establish(places)
    table_of_its_kind = parts.table if part else components.table
    table = table_of_its_kind(Places(name), allotment.read(Places(name)), binaries)
    Supervisor(places, table, binaries).run()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
