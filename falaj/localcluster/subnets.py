"""Four subnets for each cluster, so that several run side by side and none hides a network of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

LARGEST_INDEX = 255
API_PORT = 6443
CLUSTER_DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Subnets:
    """The subnets of the cluster with this index; any two indexes are disjoint."""

    index: int
    """0 to 255."""

    @property
    def link(self) -> IPv4Network:
        """The link between this machine and the cluster's network namespace."""
        return IPv4Network(f"10.201.{self.index}.0/30")

    @property
    def host_address(self) -> IPv4Address:
        """This machine's end of the link."""
        return self.link[1]

    @property
    def node_address(self) -> IPv4Address:
        """The cluster's end of the link: the first node, the API server, the load balancer."""
        return self.link[2]

    @property
    def node_link(self) -> IPv4Network:
        """The link between the first node and the one with GPUs, where there is one."""
        return IPv4Network(f"10.201.{self.index}.4/30")

    @property
    def gpu_node_gateway(self) -> IPv4Address:
        """The first node's end of that link."""
        return self.node_link[1]

    @property
    def gpu_node_address(self) -> IPv4Address:
        """The other end: the node with GPUs."""
        return self.node_link[2]

    @property
    def pods(self) -> IPv4Network:
        """Where pods get their addresses; known inside the cluster's network namespaces only."""
        return IPv4Network(f"10.244.{self.index}.0/24")

    @property
    def first_node_pods(self) -> IPv4Network:
        """The half of it that the pods of the first node have: more than a kubelet takes."""
        return next(self.pods.subnets())

    @property
    def gpu_node_pods(self) -> IPv4Network:
        """The half of it that those of the node with GPUs have."""
        return list(self.pods.subnets())[1]

    @property
    def services(self) -> IPv4Network:
        """Where Services get theirs; known inside the cluster's network namespaces only."""
        return IPv4Network(f"10.96.{self.index}.0/24")

    @property
    def api_service_address(self) -> IPv4Address:
        """The ``kubernetes`` Service."""
        return self.services[1]

    @property
    def dns_address(self) -> IPv4Address:
        """The cluster's resolver."""
        return self.services[10]

    @property
    def all(self) -> tuple[IPv4Network, ...]:
        """The four of them."""
        return (self.link, self.node_link, self.pods, self.services)


def allot(taken: Iterable[int], routes: Iterable[IPv4Network]) -> Subnets | None:
    """The first subnets that no other cluster has and no route of this machine overlaps; None when none is left.

    Args:
        taken: Indexes of the other clusters.
        routes: Every destination this machine has a route to, but the default route.
    """
    others = frozenset(taken)
    destinations = tuple(routes)
    for index in range(LARGEST_INDEX + 1):
        subnets = Subnets(index)
        if index not in others and not any(mine.overlaps(route) for mine in subnets.all for route in destinations):
            return subnets
    return None
