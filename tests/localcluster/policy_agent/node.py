"""A node in network namespaces of its own: pods on real ptp veths, and an outside world."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.localcluster.policy_agent.oracle import POD_NETWORK
from tests.localcluster.policy_agent.sockets import Namespace, Network

if TYPE_CHECKING:
    from collections.abc import Iterator

GATEWAY = "10.244.0.1"
NODE = "10.201.0.2"
OUTSIDE = "10.201.0.1"
SERVICE = "10.96.0.10"


class Node(Network):
    """The node's namespace with an uplink to the outside, and one namespace to each pod address."""

    def __init__(self, prefix: str, directory: Path) -> None:
        super().__init__()
        self.prefix = prefix
        self.directory = directory
        self.names: list[str] = []
        self.node = self.namespaces[NODE] = self._namespace("node")
        self.outside = self.namespaces[OUTSIDE] = self._namespace("outside")

    def connect(self) -> None:
        """Lays the link between the node and the outside."""
        self.outside.run("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "eth0", "netns", self.names[0])
        for namespace, link, address in ((self.outside, "uplink", OUTSIDE), (self.node, "eth0", NODE)):
            namespace.run("ip", "address", "add", f"{address}/30", "dev", link)
            namespace.run("ip", "link", "set", link, "up")
        for routed in (str(POD_NETWORK), "10.96.0.0/24"):
            self.outside.run("ip", "route", "add", routed, "via", NODE)

    def _namespace(self, role: str) -> Namespace:
        name = f"{self.prefix}-{role}"
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.names.append(name)
        made = Namespace(Path("/run/netns") / name)
        made.run("ip", "link", "set", "lo", "up")
        return made

    def remove(self) -> None:
        self.close()
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], check=True)

    def add_pod(self, role: str) -> str:
        """Makes a namespace as a container runtime does, with the real ptp plugin; returns the address it got."""
        namespace = self._namespace(role)
        configuration = {
            "cniVersion": "0.4.0",
            "name": self.prefix,
            "type": "ptp",
            "ipam": {
                "type": "host-local",
                "dataDir": str(self.directory),
                "ranges": [[{"subnet": str(POD_NETWORK)}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }
        added = self.node.run(
            "/usr/lib/cni/ptp",
            text=json.dumps(configuration),
            CNI_COMMAND="ADD",
            CNI_CONTAINERID=role,
            CNI_NETNS=str(namespace.path),
            CNI_IFNAME="eth0",
            CNI_PATH="/usr/lib/cni",
        )
        address: str = json.loads(added)["ips"][0]["address"].partition("/")[0]
        self.namespaces[address] = namespace
        return address


@contextlib.contextmanager
def node(directory: Path) -> Iterator[Node]:
    """A node that is gone afterwards, whatever happened."""
    made = Node(f"falaj-test-{os.getpid()}", directory)
    try:
        made.connect()
        yield made
    finally:
        made.remove()
