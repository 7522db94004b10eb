from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from components.network.layout import Role, cidrs_of, subnets_of
from components.network.spec import Egress, NetworkSpec
from falaj.catalog.private_access import Feature
from tests.components.network.networks import in_aws, in_azure, placement

AWS_ZONES = ("mec1-az1", "mec1-az2", "mec1-az3")
EGRESS = st.sampled_from(["none", "firewall", "nat"])
PREFIXES = st.integers(16, 20)


@st.composite
def blocks(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Addresses of a network, and some added later, all inside 10.0.0.0/8 and apart."""
    places = draw(st.lists(st.integers(0, 255), min_size=1, max_size=4, unique=True))
    first, *further = (f"10.{place}.0.0/{draw(PREFIXES)}" for place in places)
    return first, further


@st.composite
def networks(draw: st.DrawFn) -> NetworkSpec:
    """Any network that may be asked for."""
    cidr, further = draw(blocks())
    egress = draw(EGRESS)
    names = ["api.example.ae"] if egress == "firewall" else []
    common = {"cidr": cidr, "further_cidrs": further, "egress": egress, "allowed_names": names}
    if draw(st.booleans()):
        zones = draw(st.lists(st.sampled_from(AWS_ZONES), min_size=2, max_size=3, unique=True))
        return in_aws(**common, zones=zones, placement=placement("any", "me-central-1", "dev"))
    zones = draw(st.lists(st.sampled_from("123"), min_size=1, max_size=3, unique=True))
    return in_azure(**common, zones=zones, placement=placement("any", "uaenorth", "dev"))


@given(networks())
def test_subnets_lie_inside_the_network_and_share_no_address(spec: NetworkSpec) -> None:
    subnets = [IPv4Network(subnet.cidr) for subnet in subnets_of(spec)]

    assert all(any(subnet.subnet_of(IPv4Network(block)) for block in spec.cidrs) for subnet in subnets)
    assert not [pair for pair in combinations(subnets, 2) if pair[0].overlaps(pair[1])]


@given(networks())
def test_every_role_has_the_size_its_cloud_asks_for(spec: NetworkSpec) -> None:
    whole = IPv4Network(spec.cidr)
    for subnet in subnets_of(spec):
        prefix = IPv4Network(subnet.cidr).prefixlen
        match subnet.role:
            case Role.NODES if subnet.block == 0:
                assert prefix == whole.prefixlen + 2
            case Role.CONTROL_PLANE | Role.GATEWAY:
                assert prefix == 28
            case Role.FIREWALL:
                assert prefix == (28 if spec.provider == "aws" else 26)
            case Role.ENDPOINTS | Role.LOAD_BALANCERS:
                assert prefix == whole.prefixlen + 6 <= 26
            case _:
                assert prefix <= 22


@given(networks())
def test_names_are_unique_and_each_zone_has_one_of_each(spec: NetworkSpec) -> None:
    subnets = subnets_of(spec)

    assert len({subnet.name for subnet in subnets}) == len(subnets)
    if spec.provider == "aws":
        for role in (Role.NODES, Role.ENDPOINTS, Role.LOAD_BALANCERS, Role.CONTROL_PLANE):
            assert [subnet.zone for subnet in subnets if subnet.role is role] == list(spec.zones)


@given(networks())
def test_the_smallest_endpoint_subnet_holds_every_endpoint_there_is(spec: NetworkSpec) -> None:
    reserved_by_the_cloud = 5
    for cidr in cidrs_of(spec, Role.ENDPOINTS):
        assert IPv4Network(cidr).num_addresses - reserved_by_the_cloud >= 2 * len(Feature)


@given(networks(), st.sets(st.sampled_from(AWS_ZONES), min_size=2))
def test_adding_a_zone_addresses_or_a_way_out_moves_nothing(spec: NetworkSpec, zones: set[str]) -> None:
    fewer = spec.model_copy(update={"further_cidrs": (), "egress": Egress.NONE, "allowed_names": ()})
    if spec.provider == "aws":
        fewer = fewer.model_copy(update={"zones": tuple(sorted(zones & {*spec.zones}))})

    assert {*subnets_of(fewer)} <= {*subnets_of(spec)}


def test_a_network_of_three_zones_is_cut_like_this() -> None:
    spec = in_aws(egress="firewall", allowed_names=["api.example.ae"], further_cidrs=["100.64.0.0/16"])

    assert [(subnet.name, subnet.cidr) for subnet in subnets_of(spec)] == [
        ("nodes-mec1-az1", "10.20.0.0/18"),
        ("nodes-mec1-az2", "10.20.64.0/18"),
        ("nodes-mec1-az3", "10.20.128.0/18"),
        ("endpoints-mec1-az1", "10.20.192.0/22"),
        ("endpoints-mec1-az2", "10.20.196.0/22"),
        ("endpoints-mec1-az3", "10.20.200.0/22"),
        ("load-balancers-mec1-az1", "10.20.204.0/22"),
        ("load-balancers-mec1-az2", "10.20.208.0/22"),
        ("load-balancers-mec1-az3", "10.20.212.0/22"),
        ("control-plane-mec1-az1", "10.20.216.0/28"),
        ("control-plane-mec1-az2", "10.20.216.16/28"),
        ("control-plane-mec1-az3", "10.20.216.32/28"),
        ("gateway-mec1-az1", "10.20.224.0/28"),
        ("gateway-mec1-az2", "10.20.224.16/28"),
        ("gateway-mec1-az3", "10.20.224.32/28"),
        ("firewall-mec1-az1", "10.20.220.0/28"),
        ("firewall-mec1-az2", "10.20.220.16/28"),
        ("firewall-mec1-az3", "10.20.220.32/28"),
        ("pods-2-mec1-az1", "100.64.0.0/18"),
        ("pods-2-mec1-az2", "100.64.64.0/18"),
        ("pods-2-mec1-az3", "100.64.128.0/18"),
    ]


def test_a_region_without_zones_has_one_subnet_for_each_role() -> None:
    spec = in_azure(zones=[], placement=placement("dr", "uaecentral", "dr"), further_cidrs=["10.41.0.0/20"])

    assert [(subnet.name, subnet.cidr) for subnet in subnets_of(spec)] == [
        ("nodes", "10.40.0.0/18"),
        ("endpoints", "10.40.192.0/22"),
        ("load-balancers", "10.40.204.0/22"),
        ("control-plane", "10.40.216.0/28"),
        ("nodes-2", "10.41.0.0/20"),
    ]
