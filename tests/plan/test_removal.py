from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from falaj.engine.deletion import waves
from falaj.engine.resource_state import ResourceState
from falaj.plan import Departure, Plan, PlannedResource, removal_order, removal_problems
from tests.plan.plans import component, resource

CLUSTER = component("cluster", "EksCluster")
VPC = resource("aws:ec2/vpc:Vpc", "network-vpc")
EKS = resource("aws:eks/cluster:Cluster", "cluster-control-plane", parent=CLUSTER, dependencies=(VPC.urn,))
POOL = resource("aws:eks/nodeGroup:NodeGroup", "cpu-nodes", dependencies=(EKS.urn,))
PROVIDER = resource("pulumi:providers:kubernetes", "cluster-provider", parent=CLUSTER, dependencies=(EKS.urn,))
NAMESPACE = resource(
    "kubernetes:core/v1:Namespace", "room", provider=PROVIDER.urn, deleted_with=EKS.urn, dependencies=(POOL.urn,)
)
DOOR = resource(
    "kubernetes:core/v1:Service",
    "gateway-service",
    {"spec": {"type": "LoadBalancer"}},
    provider=PROVIDER.urn,
    dependencies=(NAMESPACE.urn, POOL.urn),
)
DISK = resource("kubernetes:core/v1:PersistentVolumeClaim", "data", provider=PROVIDER.urn, dependencies=(POOL.urn,))
RIGHT = Plan.of([CLUSTER, VPC, EKS, POOL, PROVIDER, NAMESPACE, DOOR, DISK])


def order(plan: Plan) -> list[tuple[str, Departure]]:
    return [(removal.resource.name, removal.departure) for removal in removal_order(plan)]


def test_what_the_cluster_made_goes_first_and_the_network_last() -> None:
    assert order(RIGHT) == [
        ("data", Departure.DRAINED),
        ("gateway-service", Departure.DRAINED),
        ("room", Departure.CARRIED),
        ("cpu-nodes", Departure.DELETED),
        ("cluster-provider", Departure.FORGOTTEN),
        ("cluster-control-plane", Departure.DELETED),
        ("network-vpc", Departure.DELETED),
        ("cluster", Departure.FORGOTTEN),
    ]


def test_a_right_plan_leaves_nothing_behind() -> None:
    assert removal_problems(RIGHT) == []


def test_a_load_balancer_that_goes_with_the_cluster_would_stay_in_the_cloud() -> None:
    door = replace(DOOR, deleted_with=EKS.urn)

    assert removal_problems(Plan.of([CLUSTER, VPC, EKS, POOL, PROVIDER, NAMESPACE, door])) == [
        "kubernetes:core/v1:Service gateway-service would leave a load balancer behind: take its deleted_with off"
    ]


def test_a_load_balancer_needs_the_nodes_until_it_is_gone() -> None:
    door = replace(DOOR, dependencies=())

    (problem,) = removal_problems(Plan.of([CLUSTER, VPC, EKS, POOL, PROVIDER, NAMESPACE, door]))

    assert problem == (
        "kubernetes:core/v1:Service gateway-service may outlive node pool cpu-nodes: "
        "make it depend on the pool, which a load balancer is removed from"
    )


def test_nodes_and_load_balancers_need_the_networks_endpoints_until_they_are_gone() -> None:
    doors = [resource("aws:ec2/vpcEndpoint:VpcEndpoint", f"network-{name}", dependencies=(VPC.urn,)) for name in "ab"]
    subnet = resource("aws:ec2/subnet:Subnet", "network-nodes", dependencies=(VPC.urn,))
    below = replace(EKS, dependencies=(subnet.urn,))

    problems = removal_problems(Plan.of([CLUSTER, VPC, below, POOL, PROVIDER, NAMESPACE, DOOR, *doors, subnet]))

    assert problems == [
        "aws:eks/nodeGroup:NodeGroup cpu-nodes may outlive network-a and 1 more: make it depend on the network",
        "kubernetes:core/v1:Service gateway-service may outlive network-a and 1 more: make it depend on the network",
    ]


def test_an_object_that_could_outlive_its_cluster_is_named() -> None:
    room = replace(NAMESPACE, deleted_with="")

    assert removal_problems(Plan.of([CLUSTER, VPC, EKS, POOL, PROVIDER, room])) == [
        "kubernetes:core/v1:Namespace room may outlive cluster-control-plane: set its deleted_with to the cluster"
    ]


def test_a_cluster_that_is_not_ours_takes_nothing_along() -> None:
    given_cluster = replace(PROVIDER, dependencies=(), parent="")

    assert removal_problems(Plan.of([given_cluster, replace(NAMESPACE, provider=given_cluster.urn)])) == []


@pytest.mark.parametrize(
    ("token", "spec", "departure"),
    [
        ("kubernetes:core/v1:Service", {"type": "ClusterIP"}, Departure.DELETED),
        ("kubernetes:apps/v1:StatefulSet", {"volumeClaimTemplates": [{}]}, Departure.DRAINED),
        ("kubernetes:apps/v1:StatefulSet", {}, Departure.DELETED),
        ("kubernetes:networking.k8s.io/v1:Ingress", {}, Departure.DRAINED),
    ],
)
def test_only_what_makes_something_outside_is_drained(
    token: str, spec: dict[str, object], departure: Departure
) -> None:
    assert order(Plan.of([resource(token, "one", {"spec": spec})])) == [("one", departure)]


def test_what_is_retained_is_left() -> None:
    assert order(Plan.of([replace(VPC, retain_on_delete=True)])) == [("network-vpc", Departure.RETAINED)]


@st.composite
def graphs(draw: st.DrawFn) -> list[PlannedResource]:
    """Resources that each need some of those before them."""
    made: list[PlannedResource] = []
    for number in range(draw(st.integers(0, 8))):
        needed = draw(st.lists(st.sampled_from(made), unique_by=lambda each: each.urn)) if made else []
        made.append(resource("aws:ec2/vpc:Vpc", f"v{number}", dependencies=tuple(each.urn for each in needed)))
    return draw(st.permutations(made))


@given(graphs())
def test_the_order_is_the_engines_own(made: list[PlannedResource]) -> None:
    states = [ResourceState(each.urn, each.type, custom=True, dependencies=[*each.dependencies]) for each in made]

    engines = {state.urn: wave for wave, group in enumerate(waves(states)) for state in group}

    assert {each.resource.urn: each.wave for each in removal_order(Plan.of(made))} == engines
