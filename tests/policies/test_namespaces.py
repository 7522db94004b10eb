"""What lies in a namespace: by its name, or by what it was made from while the cluster has not named it yet."""

from __future__ import annotations

import pytest

from policies.days import EXAMPLE_DAY
from policies.joins import Companions
from policies.networks.neighbours import neighbours, undecided_by
from policies.networks.room import Room, as_room
from policies.ownership.tenants import members
from policies.path import Path
from policies.resources import Plan, Resource, resource
from policies.values import UNKNOWN
from policies.workloads.kinds import NAMESPACE, NETWORK_POLICY

SERVICE = "kubernetes:core/v1:Service"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def called(token: str, name: str) -> str:
    return f"urn:pulumi:stack::project::{token}::{name}"


def namespace(name: object, called_: str = "room") -> Resource:
    return resource(NAMESPACE, {"metadata": {"name": name}}, urn=called(NAMESPACE, called_))


def lying_in(where: object, *made_from: str, token: str = SERVICE, name: str = "it") -> Resource:
    return resource(
        token,
        {"metadata": {"namespace": where}},
        urn=called(token, name),
        property_dependencies={"metadata": list(made_from)} if made_from else {},
    )


ROOM, OTHER = namespace(UNKNOWN), namespace(UNKNOWN, "other")
SECRET = called("kubernetes:core/v1:Secret", "noise")


@pytest.mark.parametrize(
    ("workload", "service", "shared"),
    [
        (lying_in("room"), lying_in("room"), True),
        (lying_in("room"), lying_in("other"), False),
        (lying_in(None), lying_in("default"), True),
        (lying_in(None), lying_in("room"), False),
        (lying_in(UNKNOWN, ROOM.urn), lying_in(UNKNOWN, ROOM.urn), True),
        (lying_in(UNKNOWN, SECRET, ROOM.urn), lying_in(UNKNOWN, ROOM.urn), True),
        (lying_in(UNKNOWN, ROOM.urn), lying_in(UNKNOWN, OTHER.urn), False),
        (lying_in("room"), lying_in(UNKNOWN, ROOM.urn), None),
        (lying_in(UNKNOWN, ROOM.urn), lying_in("room"), None),
        (lying_in(UNKNOWN), lying_in(UNKNOWN), None),
        (lying_in(UNKNOWN, SECRET), lying_in(UNKNOWN, ROOM.urn), None),
    ],
)
def test_two_objects_are_neighbours_by_name_or_by_origin(
    workload: Resource, service: Resource, shared: bool | None
) -> None:
    found = neighbours(workload, Plan(EXAMPLE_DAY, resources=(service,)), SERVICE, lambda _: True)

    assert found == Companions((service,) if shared else (), (service,) if shared is None else ())


def test_a_neighbour_that_means_other_pods_is_none_wherever_it_lies() -> None:
    plan = Plan(EXAMPLE_DAY, resources=(lying_in("room"), lying_in(UNKNOWN, name="somewhere")))

    assert neighbours(lying_in("room"), plan, SERVICE, lambda _: False) == Companions((), ())
    assert neighbours(lying_in("room"), plan, SERVICE, lambda _: None).undecided == tuple(plan.of_type(SERVICE))


def test_a_verdict_hangs_first_on_where_an_object_lies() -> None:
    somewhere = resource(SERVICE, {"metadata": {"namespace": UNKNOWN}, "spec": UNKNOWN})
    here = resource(SERVICE, {"metadata": {"namespace": "room"}, "spec": UNKNOWN})

    assert undecided_by(somewhere, somewhere["spec"]).at == Path(("metadata", "namespace"))
    assert undecided_by(here, here["spec"]["selector"]).at == Path(("spec",))
    assert undecided_by(lying_in("room")).at == Path(("metadata", "namespace"))
    assert {undecided_by(each, each["spec"]).urn for each in (here, somewhere)} == {here.urn, somewhere.urn}


def test_a_room_has_the_policies_that_name_it_or_were_made_from_it() -> None:
    named = lying_in("room", token=NETWORK_POLICY, name="named")
    made = lying_in(UNKNOWN, SECRET, ROOM.urn, token=NETWORK_POLICY, name="made")
    nameless = lying_in(UNKNOWN, token=NETWORK_POLICY, name="nameless")
    elsewhere = lying_in(UNKNOWN, OTHER.urn, token=NETWORK_POLICY, name="elsewhere")
    plan = Plan(EXAMPLE_DAY, resources=(named, made, nameless, elsewhere))

    known, unnamed = namespace("room"), namespace(None)
    assert as_room(known, plan) == Room(known, (named,), (made, nameless, elsewhere))
    assert as_room(ROOM, plan) == Room(ROOM, (made,), (named, nameless))
    assert as_room(unnamed, plan) == Room(unnamed, (), (named, made, nameless, elsewhere))


def test_a_namespace_has_the_members_that_name_it_or_were_made_from_it_alone() -> None:
    first, named = lying_in("other", name="first"), lying_in("room", name="named")
    made, nameless = lying_in(UNKNOWN, SECRET, ROOM.urn, name="made"), lying_in(UNKNOWN, name="nameless")
    either = lying_in(UNKNOWN, ROOM.urn, OTHER.urn, name="either")
    plan = Plan(EXAMPLE_DAY, resources=(first, named, made, nameless, either))

    assert members(namespace("room"), plan, SERVICE) == Companions((named, made), (nameless, either))
    assert members(ROOM, plan, SERVICE) == Companions((made,), (first, named, nameless, either))
    assert members(namespace(None, "other"), plan, SERVICE).certain == ()
