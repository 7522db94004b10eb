"""What is built from Go modules, and the hash of everything that decides what comes out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "go"
KUBERNETES_VERSION = "v1.36.3"
_VERSION_PACKAGE = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Module:
    """A Go module of ours that pins one upstream project, and what is built from it."""

    name: str
    """Its folder beside this file, under ``go``."""

    packages: tuple[str, ...]
    """The main packages; each gives a binary called like its last element."""

    binaries: tuple[str, ...]
    """What they are called."""

    seconds: float
    """How long it took from nothing on two cores of the machine it was measured on; only the ratios matter."""

    tags: tuple[str, ...] = ()
    """Build tags."""

    linker: str = "-s -w"
    """Flags for the linker."""

    @property
    def directory(self) -> Path:
        """Where its go.mod lies."""
        return SOURCES / self.name

    @property
    def flags(self) -> tuple[str, ...]:
        """Flags for ``go build``."""
        tags = ("-tags", " ".join(self.tags)) if self.tags else ()
        return ("-trimpath", *tags, "-ldflags", self.linker)

    def pin(self, go_version: str) -> str:
        """A hash that changes when, and only when, another binary may come out."""
        content = {
            "go": go_version,
            "flags": self.flags,
            "packages": self.packages,
            "files": {
                str(path.relative_to(self.directory)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(self.directory.rglob("*"))
                if path.suffix in (".go", ".html", ".mod", ".sum")
            },
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _own(name: str, seconds: float) -> Module:
    """A module whose main package is its own."""
    return Module(name, (f"falaj.dev/localcluster/{name}",), (name,), seconds)


_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
_CONTAINERD = ("containerd", "containerd-shim-runc-v2", "ctr")

KUBERNETES = Module(
    "kubernetes",
    tuple(f"k8s.io/kubernetes/cmd/{name}" for name in _KUBERNETES),
    _KUBERNETES,
    402,
    linker=f"-s -w -X {_VERSION_PACKAGE}.gitVersion={KUBERNETES_VERSION} "
    f"-X {_VERSION_PACKAGE}.gitMajor=1 -X {_VERSION_PACKAGE}.gitMinor=36",
)
CONTAINERD = Module(
    "containerd",
    tuple(f"github.com/containerd/containerd/v2/cmd/{name}" for name in _CONTAINERD),
    _CONTAINERD,
    93,
    tags=("no_btrfs", "no_devmapper", "no_zfs"),
)
COREDNS = _own("coredns", 95)
PAUSE = _own("pause", 2)
CERT_MANAGER = _own("cert-manager", 86)
SIMULATED_GPU = _own("simulated-gpu", 75)

CLUSTER_MODULES = (PAUSE, CONTAINERD, KUBERNETES, COREDNS)
"""What a cluster itself is made of."""

GPU_NODE_MODULES = (CONTAINERD, KUBERNETES, SIMULATED_GPU)
"""What a node with simulated GPUs is made of."""

MODULES = (*CLUSTER_MODULES, SIMULATED_GPU, CERT_MANAGER)
"""All, with what the platform's images carry."""
