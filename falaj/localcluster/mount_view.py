"""A cluster's own view of the directories whose paths Kubernetes and containerd fix.

Each cluster has a mount namespace, so that two of them, or one and something else on this machine, never share such a
directory, and so that every mount a cluster makes is gone with its last process.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from falaj.localcluster.places import CLUSTERS, Places, cluster_names
from falaj.localcluster.run import run

MADE_DIRECTORIES = CLUSTERS.parent / "made-directories"
MOUNT_INFORMATION = Path("/proc/self/mountinfo")


def fixed_directories(places: Places) -> dict[Path, Path]:
    """Each fixed directory and the cluster's own that stands in for it."""
    return {
        Path("/var/lib/kubelet"): places.data / "kubelet",
        Path("/var/lib/cni"): places.data / "cni",
        Path("/var/log/containers"): places.data / "container-logs",
        Path("/run/containerd"): places.run / "containerd-shims",
    }


def establish(places: Places) -> None:
    """Mount the cluster's own directories over the fixed ones; to be called inside its mount namespace only."""
    run(["mount", "--make-rshared", "/"])
    for fixed, own in fixed_directories(places).items():
        own.mkdir(parents=True, exist_ok=True)
        if not fixed.exists():
            with MADE_DIRECTORIES.open("a") as record:
                record.write(f"{fixed}\n")
            fixed.mkdir()
        if not is_mounted(fixed):
            run(["mount", "--bind", own, fixed])


def forget() -> None:
    """Remove the fixed directories that were made for clusters, once no cluster is left to need them."""
    if cluster_names() or not MADE_DIRECTORIES.exists():
        return
    for line in MADE_DIRECTORIES.read_text().splitlines():
        with contextlib.suppress(OSError):  # gone already, or in use by something else since
            Path(line).rmdir()
    MADE_DIRECTORIES.unlink()


def unmount_below(directory: Path) -> None:
    """Unmount whatever is mounted in this directory as this process sees it, so that it can be deleted safely."""
    mounted = (line.split()[4] for line in MOUNT_INFORMATION.read_text().splitlines())
    for path in sorted((path for path in mounted if f"{path}/".startswith(f"{directory}/")), reverse=True):
        run(["umount", "--lazy", path])


def is_mounted(path: Path) -> bool:
    """Whether something is mounted exactly there, as this process sees it."""
    return any(line.split()[4] == str(path) for line in MOUNT_INFORMATION.read_text().splitlines())
