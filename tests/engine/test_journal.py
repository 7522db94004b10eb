"""The state on disk follows every step, whatever the order in which steps end."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from falaj.engine.journal import Journal
from falaj.engine.passphrase import StackSecrets
from falaj.engine.resource_state import ResourceState
from falaj.engine.state_store import Snapshot, StateStore, integrity_problem
from falaj.engine.values import PropertyMap, Secret


def thing(name: str, *dependencies: str) -> ResourceState:
    return ResourceState(
        urn=f"urn:pulumi:dev::test::a:b:C::{name}",
        type="a:b:C",
        custom=True,
        id=name,
        inputs=PropertyMap({"name": name}),
        dependencies=[f"urn:pulumi:dev::test::a:b:C::{other}" for other in dependencies],
    )


def open_journal(directory: Path) -> tuple[Journal, StateStore, StackSecrets]:
    store = StateStore(directory, "test", "dev")
    secrets = store.secrets()
    return Journal(store.read(secrets), store, secrets), store, secrets


def names(store: StateStore, secrets: StackSecrets) -> list[str]:
    return [state.id for state in store.read(secrets).resources]


def test_each_finished_step_is_on_disk_before_the_call_returns(tmp_path: Path) -> None:
    journal, store, secrets = open_journal(tmp_path)

    operation = journal.begin("creating", thing("a"))
    assert [item.state.id for item in store.read(secrets).pending] == ["a"]
    journal.finish(operation, add=thing("a"))

    assert names(store, secrets) == ["a"]
    assert store.read(secrets).pending == []


def test_many_steps_at_once_lose_nothing(tmp_path: Path) -> None:
    journal, store, secrets = open_journal(tmp_path)

    def create(index: int) -> None:
        state = thing(f"t{index}")
        state.inputs = PropertyMap({"hidden": Secret(f"pearl-{index}")})
        journal.finish(journal.begin("creating", state), add=state)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(create, range(64)))

    snapshot = store.read(secrets)
    assert {state.id: state.inputs for state in snapshot.resources} == {
        f"t{index}": {"hidden": Secret(f"pearl-{index}")} for index in range(64)
    }
    assert snapshot.pending == []
    assert "pearl" not in store.file.read_text(encoding="utf-8")


def test_waiting_steps_share_one_write(tmp_path: Path) -> None:
    writes: list[int] = []
    entered, gate = threading.Event(), threading.Event()

    class Slow(StateStore):
        def write(self, resources: object, pending: object, salt: str) -> None:
            del pending, salt
            writes.append(len(list(resources)) if isinstance(resources, list) else -1)
            entered.set()
            gate.wait(10)

    store = Slow(tmp_path, "test", "dev")
    journal = Journal(Snapshot(), store, store.secrets())
    with ThreadPoolExecutor(9) as pool:
        pool.submit(journal.finish, add=thing("first"))
        entered.wait(10)
        rest = [pool.submit(journal.finish, add=thing(f"t{index}")) for index in range(8)]
        while len(journal.resources()) < 9:
            threading.Event().wait(0.01)
        gate.set()
        for future in rest:
            future.result()

    assert writes[0] == 1
    assert writes[-1] == 9
    assert len(writes) <= 3


@settings(deadline=None, max_examples=25)
@given(st.permutations(["a", "b", "c", "d"]), st.sets(st.sampled_from(["a", "b", "c", "d"])))
def test_old_and_new_resources_are_always_a_valid_state(order: list[str], replaced: set[str]) -> None:
    old = {"a": thing("a"), "b": thing("b", "a"), "c": thing("c", "a"), "d": thing("d", "b", "c")}
    needs = {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}}
    journal = Journal(Snapshot(list(old.values())), None, StackSecrets("", Path(), "x"))
    done: set[str] = set()
    while done != set(old):
        name = next(item for item in order if item not in done and needs[item] <= done)
        new = thing(name, *sorted(needs[name]))
        if name in replaced:
            old[name].pending_deletion = True
            journal.finish(add=new, touched=old[name])
        else:
            journal.finish(add=new, remove=old[name])
        done.add(name)
        assert integrity_problem(journal.resources()) == ""


def test_a_renamed_resource_is_followed_by_those_that_are_not_registered_yet(tmp_path: Path) -> None:
    journal, _, _ = open_journal(tmp_path)
    journal.finish(add=thing("old"))
    journal.finish(add=thing("user", "old"))
    again, store, secrets = open_journal(tmp_path)
    old, _ = store.read(secrets).resources
    first = again.resources()[0]

    again.finish(add=thing("new"), remove=first)

    assert old.id == "old"
    assert store.read(secrets).resources[1].dependencies == ["urn:pulumi:dev::test::a:b:C::new"]
