from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.engine.kubernetes.immutable import Path
from falaj.plan import Effect, Plan, PlannedResource, changes, losses
from falaj.plan.model import UNKNOWN
from falaj.plan.rules import replaces
from tests.plan.plans import component, resource

KEYS = component("keys", "AwsKeyRing")
CLUSTER = component("cluster", "EksCluster")
KEY = resource("aws:kms/key:Key", "keys-audit", {"description": "audit"}, parent=KEYS, protect=True)
EKS = resource(
    "aws:eks/cluster:Cluster",
    "cluster-control-plane",
    {"version": "1.35", "roleArn": "arn:one", "name": "falaj"},
    parent=CLUSTER,
    protect=True,
)
POOL = resource(
    "aws:eks/nodeGroup:NodeGroup",
    "cpu-nodes",
    {"clusterName": UNKNOWN, "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1}},
    property_dependencies={"clusterName": (EKS.urn,)},
    ignore_changes=("scalingConfig.desiredSize",),
)
LOST = "aws:kms/key:Key keys-audit as nothing asks for it: keep its name and parent, or add an alias"
BEFORE = Plan.of([KEYS, CLUSTER, KEY, EKS, POOL])


def changed(resource: PlannedResource, **inputs: Any) -> PlannedResource:  # noqa: ANN401 - any input
    return replace(resource, inputs={**resource.inputs, **inputs})


def effects(after: Plan) -> dict[str, Effect]:
    return {change.resource.name: change.effect for change in changes(BEFORE, after, replaces)}


def test_the_same_plan_changes_nothing() -> None:
    assert changes(BEFORE, Plan.from_text(BEFORE.to_text()), replaces) == ()


def test_a_protected_resource_that_nobody_asks_for_is_a_loss() -> None:
    after = Plan.of([KEYS, CLUSTER, EKS, POOL])

    assert losses(changes(BEFORE, after, replaces)) == [f"this would delete protected {LOST}"]


def test_a_change_that_cannot_be_made_in_place_is_a_loss_with_its_cause() -> None:
    after = Plan.of([KEYS, CLUSTER, KEY, changed(EKS, roleArn="arn:two"), POOL])

    assert losses(changes(BEFORE, after, replaces)) == [
        "this would replace protected aws:eks/cluster:Cluster cluster-control-plane because roleArn changed"
    ]


def test_what_stands_on_a_replaced_resource_is_replaced_with_it() -> None:
    after = Plan.of([KEYS, CLUSTER, KEY, changed(EKS, name="other"), POOL])

    (pool, cluster) = sorted(changes(BEFORE, after, replaces), key=lambda change: change.resource.type, reverse=True)

    assert (cluster.resource, cluster.effect, cluster.forced_by) == (after.by_urn[EKS.urn], Effect.REPLACE, ("name",))
    assert (pool.resource, pool.effect, pool.forced_by) == (POOL, Effect.REPLACE, (EKS.urn,))


def test_a_change_in_place_loses_nothing() -> None:
    after = Plan.of([KEYS, CLUSTER, KEY, changed(EKS, version="1.36"), POOL])

    (change,) = changes(BEFORE, after, replaces)

    assert (change.effect, change.changed) == (Effect.UPDATE, ("version",))
    assert losses([change]) == []


def test_what_the_autoscaler_owns_is_no_change() -> None:
    scaling = {"minSize": 1, "maxSize": 3, "desiredSize": 3}

    assert effects(Plan.of([KEYS, CLUSTER, KEY, EKS, changed(POOL, scalingConfig=scaling)])) == {}


def test_a_stateful_resource_without_protection_is_named_as_one() -> None:
    loose = replace(KEY, protect=False)

    assert losses(changes(Plan.of([loose]), Plan.of([]), replaces)) == [f"this would delete stateful {LOST}"]


def test_taking_the_protection_off_is_a_loss() -> None:
    after = Plan.of([KEYS, CLUSTER, replace(KEY, protect=False), EKS, POOL])

    assert losses(changes(BEFORE, after, replaces)) == ["this would take the protection off aws:kms/key:Key keys-audit"]


def test_an_alias_keeps_a_renamed_resource_and_all_below_it() -> None:
    ring = component("key-ring", "AwsKeyRing", aliases=(KEYS.urn,))
    key = resource("aws:kms/key:Key", "key-ring-audit", KEY.inputs, parent=ring, protect=True)

    assert effects(Plan.of([ring, CLUSTER, key, EKS, POOL])) == {}


def test_without_an_alias_a_renamed_resource_is_lost() -> None:
    ring = component("key-ring", "AwsKeyRing")
    key = resource("aws:kms/key:Key", "key-ring-audit", KEY.inputs, parent=ring, protect=True)

    assert effects(Plan.of([ring, CLUSTER, key, EKS, POOL])) == {
        "keys": Effect.DELETE,
        "keys-audit": Effect.DELETE,
        "key-ring": Effect.CREATE,
        "key-ring-audit": Effect.CREATE,
    }


def test_an_unknown_input_that_comes_from_another_resource_has_changed() -> None:
    other = replace(EKS, urn=f"{EKS.urn}-2")
    moved = replace(POOL, property_dependencies={"clusterName": (other.urn,)})

    assert effects(Plan.of([KEYS, CLUSTER, KEY, EKS, other, moved])) == {
        "cpu-nodes": Effect.REPLACE,
        "cluster-control-plane-2": Effect.CREATE,
    }


def test_the_program_may_ask_for_a_replacement_the_provider_would_not_need() -> None:
    asked = replace(changed(EKS, version="1.36"), replace_on_changes=("version",))

    assert effects(Plan.of([KEYS, CLUSTER, KEY, asked, POOL]))["cluster-control-plane"] is Effect.REPLACE


def test_what_is_only_looked_up_is_nobodys_loss() -> None:
    looked_up = replace(KEY, read=True)

    assert changes(Plan.of([looked_up]), Plan.of([]), replaces) == ()


def test_a_retained_resource_is_forgotten_and_still_a_loss() -> None:
    kept = replace(KEY, retain_on_delete=True)

    (change,) = changes(Plan.of([kept]), Plan.of([]), replaces)

    assert change.effect is Effect.FORGET
    assert losses([change])[0].startswith("this would forget protected aws:kms/key:Key keys-audit")


@pytest.mark.parametrize(
    ("token", "path", "expected"),
    [
        ("kubernetes:core/v1:Service", ("spec", "clusterIP"), True),
        ("kubernetes:core/v1:Service", ("spec", "ports", 0, "port"), False),
        ("kubernetes:core/v1:ConfigMap", ("data", "key"), True),
        ("kubernetes:apps/v1:Deployment", ("metadata", "namespace"), True),
        ("kubernetes:apps/v1:Deployment", ("apiVersion",), False),
        ("pulumi:providers:kubernetes", ("clusterIdentifier",), True),
        ("pulumi:providers:kubernetes", ("kubeconfig",), False),
        ("aws:ec2/subnet:Subnet", ("cidrBlock",), True),
        ("aws:ec2/subnet:Subnet", ("tags", "owner"), False),
        ("azure-native:containerservice:ManagedCluster", ("location",), True),
        ("azure-native:containerservice:ManagedCluster", ("kubernetesVersion",), False),
        ("falaj:index:EksCluster", ("controls",), False),
    ],
)
def test_the_rules_are_the_providers_own(token: str, path: Path, expected: bool) -> None:
    assert replaces(resource(token, "one"), path) is expected


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)),
)
def test_exactly_the_inputs_that_differ_are_named(old: dict[str, int], new: dict[str, int]) -> None:
    before, after = resource("aws:ec2/vpc:Vpc", "one", old), resource("aws:ec2/vpc:Vpc", "one", new)

    found = changes(Plan.of([before]), Plan.of([after]), lambda _resource, _path: False)

    differing = tuple(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))
    assert [change.changed for change in found] == ([differing] if differing else [])
