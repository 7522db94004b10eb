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


def cache_directory() -> Path:
    """``$FALAJ_CACHE``, or the user's own cache directory: what may be deleted at the price of building it again."""
    chosen = os.environ.get("FALAJ_CACHE")
    return Path(chosen).absolute() if chosen else platformdirs.user_cache_path("falaj")


@dataclass(frozen=True)
class Places:
    """Every path and kernel name that belongs to one cluster; refuses a name that could not be one of each."""

    name: str
    """The cluster's name; also its node's name and its kubeconfig context."""

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise ConfigurationError(
                f"A cluster is called by 1 to 20 of a-z, 0-9 and -, a letter first; found {self.name!r}.",
                code="FAL-CLU-001",
                where="cluster name",
                hint="choose another name, for example falaj",
            )

    @property
    def data(self) -> Path:
        """What lives as long as the cluster: its database, keys, images and logs."""
        return CLUSTERS / self.name

    @property
    def run(self) -> Path:
        """What lives as long as its processes: sockets, state, kubeconfig."""
        return RUN / self.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.run / "kubeconfig"

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
        return self.data / "logs"

    @property
    def keys(self) -> Path:
        """Certificate authorities, keys and certificates."""
        return self.data / "keys"

    @property
    def configuration(self) -> Path:
        """The components' configuration files."""
        return self.data / "configuration"

    @property
    def namespace(self) -> str:
        """The network namespace, as ``ip netns`` names it."""
        return f"falaj-{self.name}"

    @property
    def namespace_file(self) -> Path:
        """What keeps the network namespace alive."""
        return NETWORK_NAMESPACES / self.namespace

    @property
    def control_group(self) -> str:
        """The cgroup above every process of the cluster, the same in each hierarchy."""
        return f"falaj-{self.name}"


def cluster_names() -> tuple[str, ...]:
    """The clusters that have data on this machine, running or not."""
    if not CLUSTERS.is_dir():
        return ()
    return tuple(sorted(path.name for path in CLUSTERS.iterdir() if NAME.fullmatch(path.name)))
