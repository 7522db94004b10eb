"""The nodes of a cluster: the first, which carries the control plane, and the one with simulated GPUs."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from falaj.localcluster.places import Places
from falaj.localcluster.subnets import Subnets


@dataclass(frozen=True)
class Node:
    """A node: its files and namespaces, its address, and those its pods have."""

    places: Places
    """Its own."""

    address: IPv4Address
    """Where its kubelet and the cluster's other nodes reach each other."""

    pods: IPv4Network
    """The part of the pod network that is its own."""

    @property
    def name(self) -> str:
        """What Kubernetes calls it."""
        return self.places.node


def first_node(places: Places, subnets: Subnets) -> Node:
    """The node that carries the control plane."""
    return Node(places, subnets.node_address, subnets.first_node_pods)


def gpu_node(places: Places, subnets: Subnets) -> Node:
    """The node with GPUs of the same cluster, whether there is one or not."""
    return Node(places.gpu_node, subnets.gpu_node_address, subnets.gpu_node_pods)
