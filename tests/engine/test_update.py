"""Programs run for real against a fake cloud: what is created, changed, replaced, deleted, and in which order."""

from __future__ import annotations

import pytest
from pulumi.runtime.proto import provider_pb2

from falaj.engine import PassKind, PassStarted, StepOp, StepSkipped
from falaj.errors import ClusterError, DeploymentError
from tests.engine.conftest import Workbench

STACK = "urn:pulumi:dev::test::pulumi:pulumi:Stack::test-dev"

CHAIN = """
    first = Thing("first", word="one")
    second = Thing("second", origin=first.serial)
    box = Box("box", origin=second.serial)
    pulumi.export("serial", box.inner.serial)
"""


def test_preview_creates_nothing_and_leaves_server_made_values_unknown(bench: Workbench) -> None:
    bench.program(CHAIN)

    result = bench.preview()

    assert result.summary == {StepOp.CREATE: 5}
    assert result.outputs == {"serial": None}
    assert bench.world.things == {}
    assert bench.world.named("Create") == []
    assert sorted(bench.world.named("PreviewCreate")) == ["box-inner", "first", "second"]
    assert not bench.store().exists()


def test_up_creates_in_dependency_order_under_exact_urns(bench: Workbench) -> None:
    bench.program(CHAIN)

    result = bench.up()

    assert bench.world.named("Create") == ["first", "second", "box-inner"]
    assert result.outputs == {"serial": 3}
    assert result.summary == {StepOp.CREATE: 5}
    resources = bench.resources()
    assert {name: entry["urn"] for name, entry in resources.items()} == {
        "test-dev": STACK,
        "default": "urn:pulumi:dev::test::pulumi:providers:fake::default",
        "first": "urn:pulumi:dev::test::fake:index:Thing::first",
        "second": "urn:pulumi:dev::test::fake:index:Thing::second",
        "box": "urn:pulumi:dev::test::test:index:Box::box",
        "box-inner": "urn:pulumi:dev::test::test:index:Box$fake:index:Thing::box-inner",
    }
    provider = resources["default"]
    assert resources["second"]["provider"] == f"{provider['urn']}::{provider['id']}"
    assert resources["second"]["dependencies"] == ["urn:pulumi:dev::test::fake:index:Thing::first"]
    assert resources["second"]["propertyDependencies"] == {"origin": ["urn:pulumi:dev::test::fake:index:Thing::first"]}
    assert resources["box-inner"]["parent"] == "urn:pulumi:dev::test::test:index:Box::box"
    assert resources["box"]["outputs"] == {"serial": 3}
    assert resources["test-dev"]["outputs"] == {"serial": 3}


def test_a_second_up_changes_nothing_not_even_the_file(bench: Workbench) -> None:
    bench.program(CHAIN)
    bench.up()
    before = bench.store().file.read_bytes()
    bench.world.calls.clear()

    result = bench.up()

    assert result.summary == {StepOp.SAME: 5}
    assert bench.store().file.read_bytes() == before
    assert {"Create", "Update", "Delete"}.isdisjoint(call for call, _ in bench.world.calls)


def test_an_up_with_nothing_to_do_ends_with_its_preview(bench: Workbench) -> None:
    bench.program(CHAIN)
    bench.up()
    bench.events.clear()

    bench.up()

    assert [event.kind for event in bench.told(PassStarted)] == [PassKind.PREVIEW]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(CHAIN.replace('export("serial"', 'export("number"'), id="only an output's name"),
        pytest.param(
            CHAIN.replace('word="one"', 'word="one", opts=pulumi.ResourceOptions(protect=True)'), id="only an option"
        ),
    ],
)
def test_what_changes_no_resource_but_the_state_is_written(bench: Workbench, change: str) -> None:
    bench.program(CHAIN)
    bench.up()
    before = bench.store().document()
    bench.events.clear()
    bench.program(change)

    bench.up()

    assert [event.kind for event in bench.told(PassStarted)] == [PassKind.PREVIEW, PassKind.UPDATE]
    assert bench.store().document()["deployment"]["resources"] != before["deployment"]["resources"]


def test_a_changed_input_is_updated_in_place(bench: Workbench) -> None:
    bench.program('Thing("one", word="old")\nThing("two")')
    bench.up()
    bench.program('Thing("one", word="new")\nThing("two")')

    result = bench.up()

    updated = next(step for step in result.steps if step.op is StepOp.UPDATE)
    assert (updated.name, updated.changed) == ("one", ("word",))
    assert result.summary == {StepOp.SAME: 2, StepOp.UPDATE: 1}
    assert bench.world.named("Update") == ["one"]
    assert bench.resources()["one"]["outputs"]["word"] == "new"


def test_what_the_program_drops_is_deleted_dependents_first(bench: Workbench) -> None:
    bench.program(CHAIN)
    bench.up()
    bench.program('pulumi.export("nothing", 1)')

    planned = bench.preview()
    assert planned.summary == {StepOp.SAME: 1, StepOp.DELETE: 4}
    assert len(bench.world.things) == 3

    result = bench.up()

    assert bench.world.named("Delete") == ["box-inner", "second", "first"]
    assert result.summary == {StepOp.SAME: 1, StepOp.DELETE: 4}
    assert bench.world.things == {}
    assert list(bench.resources()) == ["test-dev"]


def test_replacement_creates_before_it_deletes(bench: Workbench) -> None:
    bench.program('base = Thing("base", kind="a")\nThing("user", origin=base.serial)')
    bench.up()
    bench.program('base = Thing("base", kind="b")\nThing("user", origin=base.serial)')
    bench.world.calls.clear()

    result = bench.up()

    done = [(call, name) for call, name in bench.world.calls if call in ("Create", "Update", "Delete")]
    assert done == [("Create", "base"), ("Update", "user"), ("Delete", "base")]
    assert result.summary == {StepOp.SAME: 1, StepOp.REPLACE: 1, StepOp.UPDATE: 1}
    replaced = next(step for step in result.steps if step.op is StepOp.REPLACE)
    assert replaced.replaced_by == ("kind",)
    assert len(bench.world.things) == 2
    assert sorted(bench.resources()) == ["base", "default", "test-dev", "user"]


def test_delete_before_replace_takes_dependents_that_would_be_replaced_along(bench: Workbench) -> None:
    program = """
        base = Thing("base", slot={slot})
        Thing("user", kind=base.serial)
        Thing("reader", word=base.serial)
    """
    bench.program(program.format(slot=1))
    bench.up()
    bench.program(program.format(slot=2))
    bench.world.calls.clear()

    result = bench.up()

    done = [(call, name) for call, name in bench.world.calls if call in ("Create", "Update", "Delete")]
    assert done[:3] == [("Delete", "user"), ("Delete", "base"), ("Create", "base")]
    assert sorted(done[3:]) == [("Create", "user"), ("Update", "reader")]
    assert result.summary == {StepOp.SAME: 1, StepOp.REPLACE: 2, StepOp.UPDATE: 1}
    assert len(bench.world.things) == 3
    assert not any(entry.get("pendingReplacement") for entry in bench.resources().values())


def test_delete_before_replace_is_the_programs_to_choose(bench: Workbench) -> None:
    program = 'Thing("base", kind="{kind}", opts=pulumi.ResourceOptions(delete_before_replace=True))'
    bench.program(program.format(kind="a"))
    bench.up()
    bench.program(program.format(kind="b"))
    bench.world.calls.clear()

    bench.up()

    done = [call for call, _ in bench.world.calls if call in ("Create", "Delete")]
    assert done == ["Delete", "Create"]


def test_replace_on_changes_turns_an_update_into_a_replacement(bench: Workbench) -> None:
    program = 'Thing("base", word="{word}", opts=pulumi.ResourceOptions(replace_on_changes=["word"]))'
    bench.program(program.format(word="a"))
    bench.up()
    bench.program(program.format(word="b"))

    assert bench.up().summary == {StepOp.SAME: 1, StepOp.REPLACE: 1}


def test_ignored_changes_keep_the_old_value(bench: Workbench) -> None:
    program = 'Thing("one", word="{word}", opts=pulumi.ResourceOptions(ignore_changes=["word"]))'
    bench.program(program.format(word="old"))
    bench.up()
    bench.program(program.format(word="new"))

    assert bench.up().summary == {StepOp.SAME: 2}
    assert bench.resources()["one"]["inputs"]["word"] == "old"


def test_a_protected_resource_is_neither_replaced_nor_deleted(bench: Workbench) -> None:
    protected = 'Thing("safe", kind="{kind}", opts=pulumi.ResourceOptions(protect=True))'
    bench.program(protected.format(kind="a"))
    bench.up()

    bench.program(protected.format(kind="b"))
    with pytest.raises(DeploymentError, match="it is protected and would have to be replaced because of kind"):
        bench.up()
    bench.program("pass")
    with pytest.raises(DeploymentError, match="it is protected; take `protect` off"):
        bench.up()

    assert len(bench.world.things) == 1
    assert "safe" in bench.resources()


def test_a_retained_resource_is_forgotten_and_stays_in_the_world(bench: Workbench) -> None:
    bench.program('Thing("kept", opts=pulumi.ResourceOptions(retain_on_delete=True))')
    bench.up()
    bench.program("pass")

    bench.up()

    assert len(bench.world.things) == 1
    assert list(bench.resources()) == ["test-dev"]


def test_what_is_deleted_with_another_is_not_deleted_itself(bench: Workbench) -> None:
    bench.program('host = Thing("host")\nThing("guest", opts=pulumi.ResourceOptions(deleted_with=host))')
    bench.up()
    bench.program("pass")

    bench.up()

    assert bench.world.named("Delete") == ["host"]
    assert list(bench.resources()) == ["test-dev"]


def test_an_alias_keeps_a_renamed_resource_and_its_children(bench: Workbench) -> None:
    bench.program('Box("old", word="w")')
    bench.up()
    bench.program('Box("new", word="w", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")]))')

    result = bench.up()

    assert StepOp.CREATE not in result.summary
    assert StepOp.DELETE not in result.summary
    assert bench.world.named("Create") == ["old-inner"]
    assert sorted(bench.resources()) == ["default", "new", "new-inner", "test-dev"]
    assert bench.resources()["new-inner"]["aliases"] == [
        "urn:pulumi:dev::test::test:index:Box$fake:index:Thing::old-inner"
    ]


def test_an_explicit_provider_serves_its_children_and_replaces_them_when_it_must(bench: Workbench) -> None:
    program = """
        provider = Fake("mine", region="{region}")
        Box("box", word="w", opts=pulumi.ResourceOptions(providers=[provider]))
    """
    bench.program(program.format(region="north"))
    bench.up()
    resources = bench.resources()
    assert "default" not in resources
    assert resources["box-inner"]["provider"] == f"{resources['mine']['urn']}::{resources['mine']['id']}"
    assert resources["mine"]["inputs"] == {"region": "north"}

    bench.program(program.format(region="south"))
    result = bench.up()

    assert {step.name: step.op for step in result.steps}["mine"] is StepOp.REPLACE
    assert {step.name: step.op for step in result.steps}["box-inner"] is StepOp.REPLACE
    assert sorted(bench.resources()) == ["box", "box-inner", "mine", "test-dev"]
    assert len(bench.world.things) == 1


def test_a_failure_leaves_out_its_dependents_and_a_rerun_finishes(bench: Workbench) -> None:
    bench.program(CHAIN + '    Thing("alone")\n')
    bench.world.fail.add("second")

    with pytest.raises(DeploymentError, match="the cloud refuses second") as caught:
        bench.up()

    assert caught.value.code == "FAL-ENG-601"
    assert [event.urn.rpartition("::")[2] for event in bench.told(StepSkipped)] == ["box-inner"]
    assert sorted(bench.resources()) == ["alone", "box", "default", "first", "test-dev"]

    bench.world.fail.clear()
    result = bench.up()

    assert result.outputs == {"serial": 4}
    assert bench.world.named("Create").count("first") == 1
    assert sorted(bench.resources()) == ["alone", "box", "box-inner", "default", "first", "second", "test-dev"]


def test_nothing_is_deleted_after_a_failure(bench: Workbench) -> None:
    bench.program('Thing("old")')
    bench.up()
    bench.program('Thing("new")')
    bench.world.fail.add("new")

    with pytest.raises(DeploymentError):
        bench.up()

    assert "old" in bench.resources()
    assert bench.world.named("Delete") == []


def test_a_failed_deletion_keeps_what_the_resource_still_needs(bench: Workbench) -> None:
    bench.program(CHAIN)
    bench.up()
    bench.program("pass")
    bench.world.fail.add("second")

    with pytest.raises(DeploymentError, match="the cloud keeps second"):
        bench.up()

    assert sorted(bench.resources()) == ["default", "first", "second", "test-dev"]


def test_a_resource_that_is_not_ready_is_in_the_state_and_is_awaited_again(bench: Workbench) -> None:
    bench.program('Thing("lazy")')
    bench.world.not_ready.add("lazy")

    with pytest.raises(DeploymentError, match="no room for it"):
        bench.up()
    assert bench.resources()["lazy"]["initErrors"] == ["no room for it"]

    bench.world.not_ready.clear()
    assert bench.up().summary == {StepOp.SAME: 1, StepOp.UPDATE: 1}
    assert "initErrors" not in bench.resources()["lazy"]
    assert len(bench.world.things) == 1


def test_an_error_that_a_provider_describes_is_told_in_its_own_words(bench: Workbench) -> None:
    bench.program('Thing("one")')
    bench.world.described.add("one")

    with pytest.raises(ClusterError) as caught:
        bench.up()

    assert str(caught.value) == "FAL-FAK-001  one\n  no.\n  Next: yes."


def test_a_refused_property_is_named_in_the_preview(bench: Workbench) -> None:
    bench.program('Thing("bad", refused=1)\nThing("good")')

    with pytest.raises(DeploymentError, match="refused: is not a property of Thing"):
        bench.up()

    assert bench.world.things == {}


def test_the_same_urn_twice_is_refused(bench: Workbench) -> None:
    bench.program('Thing("twin")\nThing("twin")')

    with pytest.raises(DeploymentError, match="another resource has the same URN already"):
        bench.preview()


def test_destroy_removes_everything_dependents_first_without_the_program(bench: Workbench) -> None:
    bench.program(CHAIN)
    bench.up()
    bench.program("raise SystemExit(9)")

    result = bench.destroy()

    assert bench.world.named("Delete") == ["box-inner", "second", "first"]
    assert result.summary == {StepOp.DELETE: 5}
    assert not bench.store().exists()
    assert not bench.store().file.with_suffix(".json.bak").exists()


def test_custom_timeouts_reach_the_provider(bench: Workbench) -> None:
    bench.program('Thing("t", opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="1m30s")))')

    bench.up()

    asked = [request for request in bench.world.requests if isinstance(request, provider_pb2.CreateRequest)]
    assert {request.timeout for request in asked} == {90}
    assert bench.resources()["t"]["customTimeouts"] == {"create": 90.0}
