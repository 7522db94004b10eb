from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from falaj.localcluster import places, state
from falaj.localcluster.places import Places

# A supervisor of three shell scripts: `first` serves once its file is there, `second` waits for it, `broken` ends.
PROGRAM = """
import sys
from pathlib import Path
from falaj.localcluster import places, supervisor
from falaj.localcluster.components import Component
base = Path(sys.argv[1])
places.CLUSTERS, places.RUN = base / "data", base / "run"
supervisor.FIRST_WAIT = 0.05
def script(name, text):
    down = f"echo {name} down | tee -a {base}/ends"
    return ("sh", "-c", f"echo {name} up; trap '{down}; exit' TERM; {text}")
idle = "while :; do sleep 0.05; done"
table = (
    Component("first", script("first", idle), (), (base / "first-serves").exists),
    Component("second", script("second", idle), ("first",)),
    Component("broken", script("broken", "exit 3"), ("first",)),
)
supervisor.Supervisor(places.Places("test"), table, base).run()
"""


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(places, "CLUSTERS", tmp_path / "data")
    monkeypatch.setattr(places, "RUN", tmp_path / "run")
    Places("test").logs.mkdir(parents=True)
    Places("test").run.mkdir(parents=True)
    return tmp_path


@pytest.fixture
def supervisor(base: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(base)], stderr=subprocess.DEVNULL) as process:
        yield process
        process.terminate()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def component(name: str) -> state.ComponentStatus:
    account = state.read(Places("test"))
    assert account is not None
    return next(status for status in account.components if status.name == name)


def is_running(name: str) -> bool:
    return Places("test").state.exists() and component(name).running


def log(name: str) -> str:
    return (Places("test").logs / f"{name}.log").read_text()


def serve(base: Path) -> None:
    (base / "first-serves").touch()


@pytest.mark.usefixtures("supervisor")
def test_what_stands_on_another_waits_until_that_serves(base: Path) -> None:
    until(lambda: is_running("first"))
    assert not is_running("second")

    serve(base)

    until(lambda: is_running("second"))


@pytest.mark.usefixtures("supervisor")
def test_what_is_killed_is_started_again_and_counted(base: Path) -> None:
    serve(base)
    until(lambda: is_running("second"))
    before = component("second").pid
    assert before is not None

    os.kill(before, signal.SIGKILL)

    until(lambda: component("second").restarts == 1 and component("second").running)
    assert component("second").pid != before


@pytest.mark.usefixtures("supervisor")
def test_what_keeps_failing_is_tried_again_more_and_more_rarely(base: Path) -> None:
    serve(base)
    until(lambda: is_running("second") and component("broken").restarts >= 3)

    assert component("broken").restarts < 10
    assert log("broken").startswith("broken up\n")


def test_sigterm_stops_the_last_started_first(base: Path, supervisor: subprocess.Popen[bytes]) -> None:
    serve(base)
    until(lambda: is_running("second") and "up" in log("first") and "up" in log("second"))

    supervisor.terminate()

    assert supervisor.wait() == 0
    assert log("first").endswith("first down\n")
    assert log("second").endswith("second down\n")
    assert (base / "ends").read_text() == "second down\nfirst down\n"
    assert not component("first").running


def test_a_lock_tells_a_living_supervisor_from_a_dead_one(base: Path) -> None:
    held = Places("test")
    assert not state.supervisor_is_alive(held)

    descriptor = state.take_lock(held.supervisor_lock)
    assert descriptor is not None
    assert state.supervisor_is_alive(held)
    assert state.take_lock(base / "run" / "test" / "supervisor.lock") is None

    os.close(descriptor)
    assert not state.supervisor_is_alive(held)
