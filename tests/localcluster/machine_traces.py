"""What a cluster could leave on a machine, as it can be seen from outside."""

from __future__ import annotations

import subprocess
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")
FIXED_DIRECTORIES = ("/var/lib/kubelet", "/var/lib/cni", "/var/log/containers", "/run/containerd")


def traces(name: str) -> list[str]:
    """Everything on this machine that belongs to the cluster of that name; empty when it never was or is gone."""
    return [
        *(f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines() if _names(line, name)),
        *(f"file {path}" for path in _files(name)),
        *(f"link {line}" for line in _said("ip", "link").splitlines() if _names(line, name)),
        *(f"cgroup {path}" for depth in ("", "*/") for path in CONTROL_GROUPS.glob(f"{depth}falaj-{name}")),
        *(f"process {pid} {command}" for pid, command in _processes(name)),
    ]


def host_network() -> list[str]:
    """The machine's own firewall and routes, without what a cluster's link needs: its own addresses."""
    rules = _said("nft", "--stateless", "list", "ruleset").splitlines()
    routes = _said("ip", "route", "show", "table", "all").splitlines()
    return [*rules, *sorted(line for line in routes if not _is_of_a_cluster(line))]


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _is_of_a_cluster(route: str) -> bool:
    return any(word.startswith("falaj") for word in route.split())


def _names(text: str, name: str) -> bool:
    return any(part in text for part in (f"/{name}/", f"falaj-{name}"))


def _files(name: str) -> list[Path]:
    roots = (Path("/run/falaj") / name, Path("/var/lib/falaj/clusters") / name, Path("/run/netns") / f"falaj-{name}")
    of_its_parts = Path("/run/netns").glob(f"falaj-{name}.*")
    return [*(path for path in roots if path.exists()), *of_its_parts]


def _processes(name: str) -> list[tuple[int, str]]:
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            command = (directory / "cmdline").read_text().replace("\0", " ")
            groups = (directory / "cgroup").read_text()
        except OSError:
            continue
        if not command:  # it has ended, and its parent has not asked for its status yet
            continue
        if _names(f"{command} ", name) or f"/falaj-{name}/" in groups:
            found.append((int(directory.name), command))
    return found
