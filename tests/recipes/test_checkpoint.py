"""How far an upgrade is: in order, once, whole on the disk whatever ends the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.errors import ConfigurationError, StateError
from falaj.recipes.checkpoint import Checkpoint, checkpoint_file
from falaj.recipes.upgrade import Upgrade, upgrade

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOURCE, TARGET = "aks-1.35-ubuntu", "aks-1.36-ubuntu-operator-26.7"
MARKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from falaj.catalog.gpu_recipes import gpu_recipes
from falaj.recipes.checkpoint import Checkpoint
from falaj.recipes.upgrade import upgrade

way = upgrade(sys.argv[2], sys.argv[3], gpu_recipes())
checkpoint = Checkpoint(Path(sys.argv[1]), way)
first = way.steps[0].name
print("ready", flush=True)
while True:
    checkpoint.mark(first, datetime.now(tz=UTC))
    checkpoint.take_back(first)
"""


@pytest.fixture
def way() -> Upgrade:
    return upgrade(SOURCE, TARGET, gpu_recipes())


@pytest.fixture
def checkpoint(tmp_path: Path, way: Upgrade) -> Checkpoint:
    return Checkpoint(checkpoint_file(tmp_path, way, None), way)


def names(checkpoint: Checkpoint) -> list[str]:
    return [each.step for each in checkpoint.done()]


def test_an_upgrade_that_has_not_begun_has_nothing_done_and_no_file(checkpoint: Checkpoint) -> None:
    assert checkpoint.done() == ()
    assert not checkpoint.file.exists()


def test_steps_are_marked_in_their_order_and_read_by_the_next_run(checkpoint: Checkpoint, way: Upgrade) -> None:
    for step in way.steps:
        checkpoint.mark(step.name, NOW)

    assert names(Checkpoint(checkpoint.file, way)) == [step.name for step in way.steps]
    assert {each.at for each in checkpoint.done()} == {"2026-11-22T12:00:00+00:00"}


def test_a_step_whose_turn_has_not_come_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checkpoint.mark("control-plane", NOW)

    assert caught.value.message == "Step control-plane comes after definitions, which is not done."
    assert caught.value.hint == "do definitions, see its check hold, and mark it first"


def test_marking_twice_changes_nothing(checkpoint: Checkpoint) -> None:
    checkpoint.mark("definitions", NOW)
    before = checkpoint.file.read_bytes()
    checkpoint.mark("definitions", datetime(2027, 1, 1, tzinfo=UTC))

    assert checkpoint.file.read_bytes() == before


def test_a_step_of_no_plan_is_refused_with_those_that_there_are(checkpoint: Checkpoint) -> None:
    with pytest.raises(ConfigurationError) as caught:
        checkpoint.mark("etcd", NOW)

    assert caught.value.message == "The plan has no step etcd."
    assert caught.value.hint == (
        "name one of definitions, operator, control-plane, system-pool, cpu-pools, gpu-pools, triton"
    )


def test_the_newest_step_can_be_taken_back_and_done_again(checkpoint: Checkpoint) -> None:
    checkpoint.mark("definitions", NOW)
    checkpoint.mark("operator", NOW)
    checkpoint.take_back("operator")

    assert names(checkpoint) == ["definitions"]
    checkpoint.mark("operator", NOW)
    assert names(checkpoint) == ["definitions", "operator"]


def test_an_older_step_is_not_taken_back(checkpoint: Checkpoint) -> None:
    checkpoint.mark("definitions", NOW)
    checkpoint.mark("operator", NOW)

    with pytest.raises(ConfigurationError) as caught:
        checkpoint.take_back("definitions")
    assert caught.value.message == "Step definitions is not the newest that is done (operator)."


def test_what_nothing_takes_back_stays_done(checkpoint: Checkpoint) -> None:
    for step in ("definitions", "operator", "control-plane"):
        checkpoint.mark(step, NOW)

    with pytest.raises(ConfigurationError) as caught:
        checkpoint.take_back("control-plane")
    assert caught.value.message.startswith("Step control-plane can't be taken back: AKS has a rollback of node pools")
    assert names(checkpoint)[-1] == "control-plane"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": "falaj-upgrade/1"}', '{"done": [{}], "plan": "", "format": ""}', "\x00\x01"],
)
def test_a_damaged_file_is_refused_and_left_as_it_is(checkpoint: Checkpoint, text: str) -> None:
    checkpoint.file.parent.mkdir(parents=True)
    checkpoint.file.write_text(text)

    for act in (checkpoint.done, lambda: checkpoint.mark("definitions", NOW)):
        with pytest.raises(StateError) as caught:
            act()
        assert (caught.value.code, caught.value.exit_code) == ("FAL-REC-005", 7)
    assert checkpoint.file.read_text() == text


def test_a_file_that_is_no_text_is_refused(checkpoint: Checkpoint) -> None:
    checkpoint.file.parent.mkdir(parents=True)
    checkpoint.file.write_bytes(b"\xff\xfe\xff")

    with pytest.raises(StateError, match="can't be read"):
        checkpoint.done()


def test_steps_in_another_order_are_a_damage(checkpoint: Checkpoint) -> None:
    checkpoint.mark("definitions", NOW)
    found = json.loads(checkpoint.file.read_text())
    found["done"][0]["step"] = "triton"
    checkpoint.file.write_text(json.dumps(found))

    with pytest.raises(StateError, match="not in the order of the plan"):
        checkpoint.done()


def test_a_plan_that_changed_since_is_refused(checkpoint: Checkpoint, way: Upgrade) -> None:
    checkpoint.mark("definitions", NOW)
    other = upgrade(SOURCE, "aks-1.36-ubuntu", gpu_recipes())

    with pytest.raises(StateError) as caught:
        Checkpoint(checkpoint.file, other).done()
    assert caught.value.code == "FAL-REC-006"
    assert way.steps != other.steps


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path, way: Upgrade) -> None:
    (tmp_path / ".falaj").write_text("a file where a folder has to be")

    with pytest.raises(StateError) as caught:
        Checkpoint(checkpoint_file(tmp_path, way, None), way).mark("definitions", NOW)
    assert caught.value.message.startswith("The file of this upgrade can't be written: ")


def test_each_stack_has_a_checkpoint_of_its_own(tmp_path: Path, way: Upgrade) -> None:
    files = {checkpoint_file(tmp_path, way, stack).name for stack in (None, "prod", "dev")}

    assert files == {
        "aks-1.35-ubuntu--aks-1.36-ubuntu-operator-26.7.json",
        "prod--aks-1.35-ubuntu--aks-1.36-ubuntu-operator-26.7.json",
        "dev--aks-1.35-ubuntu--aks-1.36-ubuntu-operator-26.7.json",
    }


@pytest.mark.slow
def test_a_killed_process_leaves_a_whole_file_and_no_lock(checkpoint: Checkpoint) -> None:
    for turn in range(6):
        command = [sys.executable, "-c", MARKER, str(checkpoint.file), SOURCE, TARGET]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            while not checkpoint.file.exists():
                assert process.poll() is None
            for _ in range(20 * turn):
                checkpoint.done()
            os.kill(process.pid, signal.SIGKILL)
        assert names(checkpoint) in ([], ["definitions"])

    checkpoint.mark("definitions", NOW)
    checkpoint.mark("operator", NOW)
    assert names(checkpoint) == ["definitions", "operator"]
