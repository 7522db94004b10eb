"""The strict monitor is trusted by every component test, so it is tested itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest

from tests.fakes.monitor import Plan, programs

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Component(pulumi.ComponentResource):
    def __init__(self, name: str, *, outputs: bool = True, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Component", name, {"size": 3}, opts)
        if outputs:
            self.register_outputs({"size": 3})


class Thing(pulumi.CustomResource):
    address: pulumi.Output[Any]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Thing", name, {"size": 3, "address": None}, opts)


Run = Callable[..., Plan]


@pytest.fixture
def run() -> Iterator[Run]:
    with programs() as run_program:

        def run(program: Callable[[], object], *, preview: bool = False) -> Plan:
            return run_program(program, answer=lambda *_: {"address": "10.0.0.1"}, preview=preview, stack="test")

        yield run


def nested() -> None:
    outer = Component("outer")
    inner = Component("inner", opts=pulumi.ResourceOptions(parent=outer))
    thing = Thing("thing", opts=pulumi.ResourceOptions(parent=inner))
    pulumi.export("address", thing.address)


def test_urns_carry_the_whole_chain_of_parents_and_no_stack(run: Run) -> None:
    assert sorted(run(nested).resources) == [
        "urn:pulumi:test::falaj::pulumi:pulumi:Stack::falaj-test",
        "urn:pulumi:test::falaj::test:index:Component$test:index:Component$test:index:Thing::thing",
        "urn:pulumi:test::falaj::test:index:Component$test:index:Component::inner",
        "urn:pulumi:test::falaj::test:index:Component::outer",
    ]


def test_what_only_the_server_knows_is_unknown_in_a_preview(run: Run) -> None:
    assert run(nested).exports == {"address": "10.0.0.1"}
    assert run(nested, preview=True).exports == {"address": UNKNOWN}


def test_two_resources_of_one_name_are_refused(run: Run) -> None:
    with pytest.raises(Exception, match="two resources with one URN: urn:pulumi:test::falaj::test:index:Thing::twin"):
        run(lambda: [Thing("twin"), Thing("twin")])


def test_a_component_that_registers_no_outputs_is_refused(run: Run) -> None:
    with pytest.raises(AssertionError, match="Component::forgetful registered no outputs"):
        run(lambda: Component("forgetful", outputs=False))


def test_whole_numbers_arrive_as_integers(run: Run) -> None:
    assert run(nested).of("test:index:Thing", "thing").inputs == {"size": 3}


def test_a_program_leaves_nothing_behind_for_the_next(run: Run) -> None:
    def first() -> None:
        pulumi.runtime.set_config("falaj:left", "over")

    run(first)

    seen: list[str | None] = []
    run(lambda: seen.append(pulumi.Config("falaj").get("left")))
    assert seen == [None]


def test_a_call_that_no_test_expects_is_refused(run: Run) -> None:
    with pytest.raises(Exception, match="the program called test:index:look, which no test expects"):
        run(lambda: pulumi.runtime.invoke("test:index:look", {}))
