from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.engine.resource_state import ResourceState
from falaj.engine.values import UNKNOWN as UNKNOWN_VALUE
from falaj.engine.values import OutputValue, PropertyMap, ResourceReference, Secret, Value
from falaj.plan import Plan, PlannedResource, plan_of
from falaj.plan.model import SECRET, UNKNOWN
from falaj.plan.recording import DEFINITION, json_of
from tests.plan.plans import PROJECT, STACK, component, resource

ROOT = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:pulumi:Stack::{PROJECT}-{STACK}"
VPC = "aws:ec2/vpc:Vpc"

urn_texts = st.lists(st.text(st.characters(categories=["Ll"]), min_size=1, max_size=6), max_size=3).map(tuple)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    inputs=st.dictionaries(st.text(min_size=1, max_size=4), values, max_size=3),
    dependencies=urn_texts,
    origins=st.dictionaries(st.text(min_size=1, max_size=4), urn_texts.filter(bool), max_size=2),
    protect=st.booleans(),
)
def test_a_plan_reads_back_what_it_writes(
    inputs: dict[str, object],
    dependencies: tuple[str, ...],
    origins: dict[str, tuple[str, ...]],
    protect: bool,
) -> None:
    plan = Plan.of(
        [
            resource(VPC, "one", inputs, dependencies=dependencies, property_dependencies=origins, protect=protect),
            component("room"),
        ]
    )

    assert Plan.from_text(plan.to_text()) == plan


def test_a_plan_is_sorted_whatever_the_order_it_was_made_in() -> None:
    several = [resource(VPC, name) for name in "cab"]

    assert Plan.of(several).to_text() == Plan.of(reversed(several)).to_text()


def test_an_entry_holds_only_what_is_set() -> None:
    room = component("network")
    subnet = resource("aws:ec2/subnet:Subnet", "network-a", {"cidrBlock": "10.0.0.0/24"}, parent=room, protect=True)

    assert json.loads(Plan.of([subnet]).to_text()) == [
        {
            "urn": f"urn:pulumi:{STACK}::{PROJECT}::falaj:index:Room$aws:ec2/subnet:Subnet::network-a",
            "type": "aws:ec2/subnet:Subnet",
            "custom": True,
            "parent": room.urn,
            "protect": True,
            "inputs": {"cidrBlock": "10.0.0.0/24"},
        }
    ]


def test_two_resources_with_one_urn_are_refused() -> None:
    with pytest.raises(ValueError, match="two resources of the plan have one URN"):
        Plan.of([resource(VPC, "one"), resource(VPC, "one", {"cidrBlock": "10.0.0.0/8"})])


def test_what_is_below_a_component_comes_parents_first() -> None:
    room = component("network")
    inner = PlannedResource(urn=f"{room.urn}-inner", type=room.type, parent=room.urn)
    leaf = PlannedResource(urn=f"{room.urn}-leaf", type=VPC, custom=True, parent=inner.urn)

    assert [each.urn for each in Plan.of([leaf, inner, room]).below(room.urn)] == [inner.urn, leaf.urn]


def test_unknown_and_secret_values_are_marked_and_never_shown() -> None:
    given: Value = {
        "id": UNKNOWN_VALUE,
        "token": Secret("abc"),
        "later": OutputValue(UNKNOWN_VALUE),
        "hidden": OutputValue("abc", secret=True),
        "list": ["a", UNKNOWN_VALUE],
        "network": ResourceReference("urn:x"),
    }

    assert json_of(given) == {
        "hidden": SECRET,
        "id": UNKNOWN,
        "later": UNKNOWN,
        "list": ["a", UNKNOWN],
        "network": "urn:x",
        "token": SECRET,
    }


def _state(token: str, name: str, **options: object) -> ResourceState:
    urn = f"urn:pulumi:{STACK}::{PROJECT}::{token}::{name}"
    return ResourceState(urn, token, custom=True, **options)  # type: ignore[arg-type]  # given by the test


def test_the_plan_leaves_out_what_is_the_engines_own() -> None:
    root = ResourceState(ROOT, "pulumi:pulumi:Stack", custom=False)
    default = _state("pulumi:providers:aws", "default_7_51_1")
    vpc = _state(VPC, "main", parent=ROOT, provider=f"{default.urn}::some-id", dependencies=[ROOT])

    (planned,) = plan_of([root, default, vpc])

    assert planned == PlannedResource(urn=vpc.urn, type=VPC, custom=True)


def test_a_vendored_definition_is_kept_as_a_digest() -> None:
    given: dict[str, Value] = {"spec": {"group": "g"}, "kind": "K"}
    definition = _state(DEFINITION, "gateways", inputs=PropertyMap(given))

    (planned,) = plan_of([definition])

    assert planned.inputs == {"kind": "K", "specDigest": "8afc4da26b7dcc10"}


def test_aliases_by_api_version_are_left_out_and_others_kept() -> None:
    urn = f"urn:pulumi:{STACK}::{PROJECT}::"
    former = f"{urn}azure-native:storage:StorageAccount::old"
    versioned = f"{urn}azure-native:storage/v20230101preview:StorageAccount::a"
    account = _state("azure-native:storage:StorageAccount", "a", aliases=[versioned, former])

    (planned,) = plan_of([account])

    assert planned.aliases == (former,)
