from __future__ import annotations

from ipaddress import IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from falaj.localcluster.subnets import LARGEST_INDEX, Subnets, allot

INDEXES = st.integers(0, LARGEST_INDEX)
NETWORKS = st.builds(
    lambda address, prefix: IPv4Network((address, prefix), strict=False),
    st.integers(0x0A000000, 0x0AFFFFFF),  # 10.0.0.0/8, where all of ours lie
    st.integers(9, 32),
)


def test_the_first_cluster_has_the_first_subnets() -> None:
    subnets = allot(taken=(), routes=())

    assert subnets is not None
    assert [str(network) for network in subnets.all] == [
        "10.201.0.0/30",
        "10.201.0.4/30",
        "10.244.0.0/24",
        "10.96.0.0/24",
    ]
    assert str(subnets.host_address) == "10.201.0.1"
    assert str(subnets.node_address) == "10.201.0.2"
    assert (str(subnets.gpu_node_gateway), str(subnets.gpu_node_address)) == ("10.201.0.5", "10.201.0.6")
    assert (str(subnets.first_node_pods), str(subnets.gpu_node_pods)) == ("10.244.0.0/25", "10.244.0.128/25")
    assert str(subnets.api_service_address) == "10.96.0.1"
    assert str(subnets.dns_address) == "10.96.0.10"


@given(INDEXES, INDEXES)
def test_two_clusters_never_share_an_address(one: int, other: int) -> None:
    overlapping = any(a.overlaps(b) for a in Subnets(one).all for b in Subnets(other).all)

    assert overlapping == (one == other)


@given(st.sets(INDEXES), st.lists(NETWORKS, max_size=8))
def test_what_is_allotted_is_free_and_the_first_that_is(taken: set[int], routes: list[IPv4Network]) -> None:
    def is_free(index: int) -> bool:
        return index not in taken and not any(mine.overlaps(route) for mine in Subnets(index).all for route in routes)

    subnets = allot(taken, routes)

    free = [index for index in range(LARGEST_INDEX + 1) if is_free(index)]
    assert (subnets.index if subnets else None) == (free[0] if free else None)


def test_a_route_over_all_pods_leaves_nothing() -> None:
    assert allot(taken=(), routes=[IPv4Network("10.244.0.0/16")]) is None
