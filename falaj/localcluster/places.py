"""Where a cluster and the cache keep their files, and what a cluster may be called."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from falaj.errors import ConfigurationError

DEFAULT_NAME = "falaj"
CLUSTERS = Path("/var/lib/falaj/clusters")
RUN = Path("/run/falaj")
NETWORK_NAMESPACES = Path("/run/netns")
NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
GPU_NODE = "gpu-node"
"""The part of a cluster that is its node with simulated GPUs."""


def cache_directory() -> Path:
    """``$FALAJ_CACHE``, or the user's own cache directory: what may be deleted at the price of building it again."""
    chosen = os.environ.get("FALAJ_CACHE")
    return Path(chosen).absolute() if chosen else platformdirs.user_cache_path("falaj")


@dataclass(frozen=True)
class Places:
    """Every path and kernel name that belongs to one node of a cluster; refuses a name that could not be one of each.

    Whatever the node with GPUs has lies inside what the cluster has, so that removing the cluster removes it.
    """

    name: str
    """The cluster's name; also its first node's name and its kubeconfig context."""

    part: str = ""
    """Which node's they are: empty for the first, which carries the control plane, or ``GPU_NODE``."""

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise ConfigurationError(
                f"A cluster is called by 1 to 20 of a-z, 0-9 and -, a letter first; found {self.name!r}.",
                code="FAL-CLU-001",
                where="cluster name",
                hint="choose another name, for example falaj",
            )

    @property
    def gpu_node(self) -> Places:
        """The places of the same cluster's node with GPUs."""
        return Places(self.name, GPU_NODE)

    @property
    def node(self) -> str:
        """What Kubernetes calls the node."""
        return f"{self.name}-gpu" if self.part == GPU_NODE else self.name

    @property
    def data(self) -> Path:
        """What lives as long as the cluster: its database, keys, images and logs."""
        return CLUSTERS / self.name / self.part

    @property
    def run(self) -> Path:
        """What lives as long as its processes: sockets, state, kubeconfig."""
        return RUN / self.name / self.part

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, one for the cluster."""
        return RUN / self.name / "kubeconfig"

    @property
    def state(self) -> Path:
        """What the supervisor last said of itself and its components."""
        return self.run / "state.json"

    @property
    def supervisor_lock(self) -> Path:
        """Locked as long as the supervisor lives."""
        return self.run / "supervisor.lock"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd listens."""
        return self.run / "containerd.sock"

    @property
    def logs(self) -> Path:
        """One log file for each component."""
        return CLUSTERS / self.name / "logs" / self.part

    @property
    def keys(self) -> Path:
        """Certificate authorities, keys and certificates of the whole cluster."""
        return CLUSTERS / self.name / "keys"

    @property
    def configuration(self) -> Path:
        """The components' configuration files."""
        return self.data / "configuration"

    def agent_kubeconfig(self, agent: str) -> Path:
        """The kubeconfig of a component that is the same user on every node."""
        return CLUSTERS / self.name / "configuration" / f"{agent}.kubeconfig"

    @property
    def namespace(self) -> str:
        """The network namespace, as ``ip netns`` names it: no cluster's name has a dot, so it is nobody else's."""
        return f"falaj-{self.name}.{self.part}" if self.part else f"falaj-{self.name}"

    @property
    def namespace_file(self) -> Path:
        """What keeps the network namespace alive."""
        return NETWORK_NAMESPACES / self.namespace

    @property
    def control_group(self) -> str:
        """The cgroup above every process of the node, and for the first node of the cluster; in each hierarchy."""
        return f"falaj-{self.name}/{self.part}" if self.part else f"falaj-{self.name}"


def cluster_names() -> tuple[str, ...]:
    """The clusters that have data on this machine, running or not."""
    if not CLUSTERS.is_dir():
        return ()
    return tuple(sorted(path.name for path in CLUSTERS.iterdir() if NAME.fullmatch(path.name)))
