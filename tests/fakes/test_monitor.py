"""The strict monitor is trusted by every component test, so it is tested itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pytest

from tests.fakes.cloud import cloud_answer
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


class Key(pulumi.CustomResource):
    arn: pulumi.Output[Any]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **properties: object) -> None:
        super().__init__("aws:kms/key:Key", name, {**properties, "arn": None}, opts)


class Aws(pulumi.ProviderResource):
    def __init__(self, name: str, **properties: object) -> None:
        super().__init__("aws", name, properties)


def in_the_cloud() -> None:
    provider = Aws("aws", region="me-central-1", allowedAccountIds=json.dumps(["210987654321"]))
    inside = pulumi.ResourceOptions(provider=provider)
    one, other = Key("one", inside), Key("other", inside)
    pulumi.export("arn", one.arn)
    pulumi.export("different", pulumi.Output.all(one.arn, other.arn).apply(lambda arns: arns[0] != arns[1]))
    answered = pulumi.runtime.invoke_output(
        "aws:index/getCallerIdentity:getCallerIdentity", {}, pulumi.InvokeOutputOptions(provider=provider)
    )
    pulumi.export("account", answered["accountId"])


@pytest.fixture
def run_in_cloud() -> Iterator[Run]:
    with programs() as run_program:

        def run(program: Callable[[], object], *, preview: bool = False) -> Plan:
            return run_program(program, answer=cloud_answer, preview=preview, stack="test")

        yield run


def test_a_clouds_resource_is_answered_by_the_stand_in(run_in_cloud: Run) -> None:
    plan = run_in_cloud(in_the_cloud)

    assert plan.exports["arn"].startswith("arn:aws:kms:me-central-1:210987654321:key/")
    assert (plan.exports["different"], plan.exports["account"]) == (True, "210987654321")
    assert plan.of("aws:kms/key:Key", "one").inputs == {}


def test_in_a_preview_what_a_clouds_server_makes_is_unknown(run_in_cloud: Run) -> None:
    assert run_in_cloud(in_the_cloud, preview=True).exports["arn"] == UNKNOWN


def test_a_clouds_resource_that_its_provider_would_refuse_fails_the_test(run_in_cloud: Run) -> None:
    with pytest.raises(Exception, match="rotation: there is no such property; the nearest is enableKeyRotation"):
        run_in_cloud(lambda: Key("one", rotation=True))
    with pytest.raises(Exception, match="region: eu-west-1 does not lie in the UAE, allowed: me-central-1"):
        run_in_cloud(lambda: Aws("aws", region="eu-west-1"))


def test_a_test_may_answer_for_a_cloud_itself() -> None:
    def program() -> None:
        pulumi.export("arn", Key("one").arn)

    with programs() as run_program:
        plan = run_program(program, answer=lambda *_: {"arn": "arn:own"}, preview=False, stack="test")

    assert plan.exports == {"arn": "arn:own"}


def test_a_function_nobody_expects_is_refused(run_in_cloud: Run) -> None:
    with pytest.raises(Exception, match="does not know the function aws:ec2/getAmi:getAmi"):
        run_in_cloud(lambda: pulumi.runtime.invoke_output("aws:ec2/getAmi:getAmi", {}))
    with pytest.raises(Exception, match="the program called kubernetes:yaml:decode, which no test expects"):
        run_in_cloud(lambda: pulumi.runtime.invoke_output("kubernetes:yaml:decode", {}))
