"""Kills, second writers and damaged files: nothing is lost, nothing is doubled, and the message says what to do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from falaj.engine import Diagnostic, Severity, StepOp
from falaj.errors import DeploymentError, StateError
from tests.engine.conftest import Workbench

UP = """
    import sys
    from pathlib import Path
    from falaj.engine import Options, Project, up
    up(Project.load(Path(sys.argv[1])), "dev", Options())
"""


@pytest.fixture
def quick_programs() -> None:
    """Programs start from nothing here, as the engine starts them."""


def start_up(bench: Workbench) -> subprocess.Popen[bytes]:
    """An update in a process of its own, as the command would run it."""
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(UP), str(bench.root)])


def children_of(pid: int) -> list[int]:
    """Processes that a process has started."""
    listing = Path(f"/proc/{pid}/task/{pid}/children")
    own = [int(child) for child in listing.read_text(encoding="ascii").split()] if listing.exists() else []
    for task in Path(f"/proc/{pid}/task").iterdir():
        own += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return sorted(set(own))


def is_running(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text(encoding="ascii")


def test_a_killed_update_is_finished_by_the_next_without_loss_or_double(bench: Workbench) -> None:
    bench.program(
        'first = Thing("first")\nslow = Thing("slow", origin=first.serial)\nThing("last", origin=slow.serial)'
    )
    bench.world.slow["slow"] = 30
    engine = start_up(bench)
    while "slow" not in bench.world.named("Create"):
        assert engine.poll() is None
        threading.Event().wait(0.05)
    started = children_of(engine.pid)
    engine.send_signal(signal.SIGKILL)
    engine.wait()

    state = bench.store().document()["deployment"]
    assert [operation["type"] for operation in state["pending_operations"]] == ["creating"]
    name = state["pending_operations"][0]["resource"]["inputs"]["name"]
    assert "first" in bench.resources()
    assert len(bench.world.things) == 2

    bench.world.slow.clear()
    result = bench.up()

    warnings = [event.message for event in bench.told(Diagnostic) if event.severity is Severity.WARNING]
    urn = "urn:pulumi:dev::test::fake:index:Thing::slow"
    assert any(f"interrupted while creating {urn}: it may exist already" in message for message in warnings)
    assert bench.resources()["slow"]["id"] == name
    assert len(bench.world.things) == 3
    assert bench.world.named("Create").count("first") == 1
    assert "pending_operations" not in bench.store().document()["deployment"]
    assert result.summary == {StepOp.SAME: 2, StepOp.CREATE: 2}
    assert started
    assert not [pid for pid in started if is_running(pid)]


def test_a_creation_whose_provider_is_lost_is_settled_by_the_next_run(bench: Workbench) -> None:
    bench.program('Thing("one")')
    bench.world.lost.add("one")
    with pytest.raises(DeploymentError, match="the provider's process has ended or can not be reached"):
        bench.up()
    (made,) = bench.world.things
    assert bench.store().document()["deployment"]["pending_operations"][0]["resource"]["inputs"]["name"] == made

    bench.world.lost.clear()
    bench.up()

    assert list(bench.world.things) == [made]
    assert bench.resources()["one"]["id"] == made


def test_an_interrupted_creation_that_is_not_wanted_any_more_is_told(bench: Workbench) -> None:
    bench.program('Thing("gone")')
    bench.up()
    document = bench.store().document()
    entry = next(item for item in document["deployment"]["resources"] if item["type"] == "fake:index:Thing")
    document["deployment"]["resources"].remove(entry)
    document["deployment"]["pending_operations"] = [{"type": "creating", "resource": entry}]
    bench.store().file.write_text(json.dumps(document), encoding="utf-8")
    bench.program("pass")
    bench.events.clear()

    bench.up()

    warnings = [event.message for event in bench.told(Diagnostic) if event.severity is Severity.WARNING]
    assert any("may have been created by an interrupted run" in message for message in warnings)
    assert "pending_operations" not in bench.store().document()["deployment"]


def test_a_second_writer_is_refused_and_told_who_is_in(bench: Workbench) -> None:
    bench.program("pass")

    with bench.store().locked(), pytest.raises(StateError) as caught:
        bench.up()

    assert caught.value.code == "FAL-ENG-215"
    assert f"process {os.getpid()} of " in caught.value.message
    bench.up()


def test_a_preview_needs_no_lock(bench: Workbench) -> None:
    bench.program("pass")

    with bench.store().locked():
        assert bench.preview().summary == {StepOp.CREATE: 1}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "Expecting property name"),
        ("[]", "it is not a Pulumi deployment"),
        ('{"version": 3, "deployment": {"resources": [{"type": "a:b:C"}]}}', "an entry is malformed"),
        (
            (
                '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::test::a:b:C::c", '
                '"type": "a:b:C", "custom": true, "id": "c", "dependencies": ["urn:pulumi:dev::test::a:b:C::d"]}]}}'
            ),
            "urn:pulumi:dev::test::a:b:C::c comes before urn:pulumi:dev::test::a:b:C::d, which it depends on",
        ),
    ],
)
def test_a_damaged_state_is_refused_and_left_alone(bench: Workbench, content: str, why: str) -> None:
    bench.program("pass")
    file = bench.store().file
    file.parent.mkdir(parents=True)
    file.write_text(content, encoding="utf-8")

    with pytest.raises(StateError) as caught:
        bench.up()

    assert caught.value.code == "FAL-ENG-211"
    assert why in caught.value.message
    assert file.read_text(encoding="utf-8") == content


def test_a_state_of_another_version_is_refused(bench: Workbench) -> None:
    bench.program("pass")
    file = bench.store().file
    file.parent.mkdir(parents=True)
    file.write_text('{"version": 4, "deployment": {}}', encoding="utf-8")

    with pytest.raises(StateError, match="has version 4; this engine knows version 3"):
        bench.preview()


def test_the_state_before_an_update_is_kept_beside_it(bench: Workbench) -> None:
    bench.program('Thing("one", word="a")')
    bench.up()
    before = bench.store().file.read_bytes()
    bench.program('Thing("one", word="b")')

    bench.up()

    assert bench.store().file.with_suffix(".json.bak").read_bytes() == before
    assert bench.store().file.read_bytes() != before


def test_ctrl_c_lets_the_running_step_end_and_begins_no_other(bench: Workbench) -> None:
    bench.program('slow = Thing("slow")\nThing("never", origin=slow.serial)')
    bench.world.slow["slow"] = 1
    # A shell has what it starts in the background ignore Ctrl-C, these tests too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt() -> None:
        bench.world.entered.wait()
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()

    with pytest.raises(DeploymentError) as caught:
        bench.up()
    watcher.join()

    assert caught.value.code == "FAL-ENG-604"
    assert sorted(bench.resources()) == ["default", "slow", "test-dev"]
    assert "pending_operations" not in bench.store().document()["deployment"]
    bench.world.slow.clear()
    assert bench.up().summary == {StepOp.SAME: 2, StepOp.CREATE: 1}


def test_a_full_disk_says_so(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.program('Thing("one")')

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(StateError) as caught:
        bench.up()

    assert caught.value.code == "FAL-ENG-214"
    assert bench.world.things == {}
