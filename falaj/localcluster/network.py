"""The network namespaces of a cluster's nodes, its one link to this machine, and the link between the nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Network
from pathlib import Path
from typing import Any

from falaj.localcluster.mount_view import is_mounted
from falaj.localcluster.places import NETWORK_NAMESPACES, Places
from falaj.localcluster.run import run
from falaj.localcluster.subnets import Subnets

INNER_LINK = "eth0"
NODE_LINK = "gpu-node"
"""The first node's end of the link to the node with GPUs."""


def routes() -> Iterator[IPv4Network]:
    """Every IPv4 destination this machine has a route to, in any table, but the default route."""
    for route in json.loads(run(["ip", "-4", "-json", "route", "show", "table", "all"]) or "[]"):
        try:
            network = IPv4Network(route.get("dst", "default"), strict=False)
        except AddressValueError:
            continue
        if network.prefixlen:
            yield network


def create(places: Places, subnets: Subnets) -> None:
    """Make the namespace, the link and their addresses; what exists is kept, what is missing is added."""
    _make_namespace(places)
    outer = f"falaj{subnets.index}"
    if outer not in _links(places):
        if Path("/sys/class/net", outer).exists():  # a start was killed before it could name its link
            run(["ip", "link", "delete", outer])
        run(["ip", "link", "add", outer, "type", "veth", "peer", "name", INNER_LINK, "netns", places.namespace])
        run(["ip", "link", "set", outer, "alias", places.namespace])
    prefix = subnets.link.prefixlen
    run(["ip", "addr", "replace", f"{subnets.host_address}/{prefix}", "dev", outer])
    run(["ip", "link", "set", outer, "up"])
    inside = ["ip", "-n", places.namespace]
    run([*inside, "addr", "replace", f"{subnets.node_address}/{prefix}", "dev", INNER_LINK])
    run([*inside, "link", "set", INNER_LINK, "up"])
    run([*inside, "route", "replace", "default", "via", str(subnets.host_address)])


def join(places: Places, subnets: Subnets) -> None:
    """Make the namespace of the node with GPUs and lay its link to the first node, which hands on what it sends."""
    node = places.gpu_node
    _make_namespace(node)
    first, second = (["ip", "-n", each.namespace] for each in (places, node))
    laid = {link["ifname"] for link in json.loads(run([*first, "-json", "link", "show"]))}
    if NODE_LINK not in laid:
        run([*first, "link", "add", NODE_LINK, "type", "veth", "peer", "name", INNER_LINK, "netns", node.namespace])
    prefix = subnets.node_link.prefixlen
    for inside, link, address in (
        (first, NODE_LINK, subnets.gpu_node_gateway),
        (second, INNER_LINK, subnets.gpu_node_address),
    ):
        run([*inside, "addr", "replace", f"{address}/{prefix}", "dev", link])
        run([*inside, "link", "set", link, "up"])
    run([*second, "route", "replace", "default", "via", str(subnets.gpu_node_gateway)])
    run([*first, "route", "replace", str(subnets.gpu_node_pods), "via", str(subnets.gpu_node_address)])
    run(["ip", "route", "replace", str(subnets.node_link), "via", str(subnets.node_address)])


def remove(places: Places) -> None:
    """Remove the links and the namespaces; does nothing where there is none."""
    for link in _links(places):
        run(["ip", "link", "delete", link])
    for file in (places.gpu_node.namespace_file, places.namespace_file):
        if is_mounted(file):
            run(["umount", "--lazy", file])
        file.unlink(missing_ok=True)
    if NETWORK_NAMESPACES.is_dir() and not any(NETWORK_NAMESPACES.iterdir()) and not is_mounted(NETWORK_NAMESPACES):
        NETWORK_NAMESPACES.rmdir()


def _make_namespace(places: Places) -> None:
    if not is_mounted(places.namespace_file):
        NETWORK_NAMESPACES.mkdir(exist_ok=True)
        places.namespace_file.touch()
        run(["unshare", f"--net={places.namespace_file}", "true"])
    run(["ip", "-n", places.namespace, "link", "set", "lo", "up"])
    run(["nsenter", f"--net={places.namespace_file}", "sysctl", "-q", "-w", "net.ipv4.ip_forward=1"])


def _links(places: Places) -> Iterator[str]:
    """The links of this machine that carry the cluster's name: found even when its data is lost."""
    found: list[dict[str, Any]] = json.loads(run(["ip", "-json", "link", "show"]))
    for link in found:
        if link.get("ifalias") == places.namespace:
            yield link["ifname"]
