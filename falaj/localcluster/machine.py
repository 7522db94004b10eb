"""Whether this machine can run the local cluster, and what would mend it if not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from falaj.errors import MachineError
from falaj.localcluster import control_groups, go_toolchain
from falaj.localcluster.packages import DEBIAN_PACKAGES, PROGRAM_PATH, install_command, missing_packages
from falaj.localcluster.places import cache_directory

GIBIBYTE = 1024**3
BUILD_SPACE = 14
RUN_SPACE = 4
NEEDED_MEMORY = 3
GPU_NODE_MEMORY = 1
"""What a node with simulated GPUs needs beside it."""
NVIDIA_DRIVER = Path("/proc/driver/nvidia")
WAY_ROUND = "or use a cluster you have: --kubeconfig FILE"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    """What."""

    ok: bool
    """Whether it is as it has to be."""

    detail: str
    """What was found."""

    remedy: str
    """The command or step that mends it; empty where nothing is wrong."""


def doctor(*, gpu_node: bool = False) -> list[Finding]:
    """Look at everything the local cluster needs of this machine; changes nothing and takes less than a second.

    Args:
        gpu_node: Whether it is to have a second node, with simulated GPUs.
    """
    if sys.platform != "linux":
        return [
            Finding("system", ok=False, detail=f"{sys.platform}, not Linux", remedy=f"use a Linux machine, {WAY_ROUND}")
        ]
    return [
        Finding("system", ok=True, detail=f"Linux {os.uname().release}", remedy=""),
        _user(),
        _namespaces(),
        _control_groups(),
        _memory(NEEDED_MEMORY + (GPU_NODE_MEMORY if gpu_node else 0)),
        _gpus(),
        _disk(),
        _go(),
        *_packages(),
    ]


def require_able(findings: list[Finding]) -> None:
    """Refuse a machine on which something is missing, with all of it in one message."""
    wrong = [finding for finding in findings if not finding.ok]
    if wrong:
        packages = missing_packages() if sys.platform == "linux" else ()
        remedies = [finding.remedy for finding in wrong if not packages or "apt-get" not in finding.remedy]
        commands = [install_command(packages)] if packages else []
        raise MachineError(
            "\n".join(f"{finding.subject}: {finding.detail}" for finding in wrong),
            code="FAL-MAC-001",
            where="this machine",
            hint="; ".join(dict.fromkeys([*commands, *remedies, WAY_ROUND])),
        )


def _user() -> Finding:
    if os.geteuid() == 0:
        return Finding("user", ok=True, detail="root", remedy="")
    return Finding("user", ok=False, detail="not root", remedy="run the command with sudo")


def _namespaces() -> Finding:
    """Tried, not read from a file: what a container may do is known only by doing it."""
    attempt = (
        subprocess.run(
            ["unshare", "--net", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
            env={"PATH": PROGRAM_PATH},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if shutil.which("unshare", path=PROGRAM_PATH)
        else None
    )
    if attempt is not None and attempt.returncode == 0:
        return Finding("namespaces", ok=True, detail="network and mount namespaces can be made", remedy="")
    reason = attempt.stderr.strip() if attempt is not None else "there is no unshare"
    remedy = "run as root on the machine itself, or in a privileged container"
    return Finding("namespaces", ok=False, detail=f"can't be made: {reason}", remedy=remedy)


def _control_groups() -> Finding:
    found = control_groups.hierarchies()
    version = "v2" if any((path / "cgroup.controllers").exists() for path in found[:1]) else "v1"
    locked = [str(path) for path in found if not os.access(path, os.W_OK)]
    if found and not locked:
        return Finding("control groups", ok=True, detail=f"{version}, writable", remedy="")
    detail = f"not writable: {', '.join(locked)}" if locked else "none is mounted"
    return Finding(
        "control groups", ok=False, detail=detail, remedy="mount them writable (in a container: --privileged)"
    )


def _memory(needed: int) -> Finding:
    fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(fields["MemAvailable"].split()[0]) * 1024 / GIBIBYTE
    detail = f"{available:.1f} GiB available, {needed} GiB needed"
    ok = available >= needed
    return Finding("memory", ok=ok, detail=detail, remedy="" if ok else "end what you can spare")


def _gpus() -> Finding:
    """Never wrong: the cluster has no use for a real one."""
    here = "this machine's are not used" if NVIDIA_DRIVER.exists() else "this machine has none"
    detail = f"simulated only, by `falaj cluster up --gpu-node`, with {GPU_NODE_MEMORY} GiB more memory; {here}"
    return Finding("GPUs", ok=True, detail=detail, remedy="")


def _disk() -> Finding:
    cache = cache_directory()
    place = next(path for path in (cache, *cache.parents) if path.exists())
    free = shutil.disk_usage(place).free / GIBIBYTE
    needed = RUN_SPACE if (cache / "binaries").is_dir() else BUILD_SPACE
    detail = f"{free:.1f} GiB free for {cache}, {needed} GiB needed"
    ok = free >= needed
    return Finding("disk", ok=ok, detail=detail, remedy="" if ok else "free some, or set FALAJ_CACHE to a larger disk")


def _go() -> Finding:
    try:
        return Finding("Go", ok=True, detail=go_toolchain.find().version, remedy="")
    except MachineError as error:
        return Finding("Go", ok=False, detail=error.message, remedy=error.hint)


def _packages() -> list[Finding]:
    missing = missing_packages()
    return [
        Finding(package.name, ok=False, detail=f"missing: {package.purpose}", remedy=install_command((package,)))
        if package in missing
        else Finding(package.name, ok=True, detail=package.purpose, remedy="")
        for package in DEBIAN_PACKAGES
    ]
