from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from falaj.errors import MachineError
from falaj.localcluster import control_groups, machine, packages
from falaj.localcluster.machine import Finding, doctor, require_able
from falaj.localcluster.packages import DEBIAN_PACKAGES, DebianPackage, install_command


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def finding(subject: str) -> Finding:
    return next(found for found in doctor() if found.subject == subject)


def test_a_system_that_is_not_linux_is_told_the_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")

    assert doctor() == [
        Finding(
            subject="system",
            ok=False,
            detail="darwin, not Linux",
            remedy="use a Linux machine, or use a cluster you have: --kubeconfig FILE",
        )
    ]


def test_a_user_who_is_not_root_is_told_to_use_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert finding("user") == Finding("user", ok=False, detail="not root", remedy="run the command with sudo")


def test_a_short_disk_is_measured_where_the_cache_will_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FALAJ_CACHE", str(tmp_path / "not" / "yet" / "there"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, 3 * 1024**3) if path == tmp_path else None)

    assert finding("disk") == Finding(
        "disk",
        ok=False,
        detail=f"3.0 GiB free for {tmp_path}/not/yet/there, 14 GiB needed",
        remedy="free some, or set FALAJ_CACHE to a larger disk",
    )


def test_a_machine_that_forbids_namespaces_is_told_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forbidden = tmp_path / "unshare"
    forbidden.write_text("#!/bin/sh\necho unshare: unshare failed: Operation not permitted >&2\nexit 1\n")
    forbidden.chmod(0o755)
    monkeypatch.setattr(machine, "PROGRAM_PATH", f"{tmp_path}:/bin")

    assert finding("namespaces") == Finding(
        "namespaces",
        ok=False,
        detail="can't be made: unshare: unshare failed: Operation not permitted",
        remedy="run as root on the machine itself, or in a privileged container",
    )


def test_control_groups_that_are_not_mounted_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_groups, "hierarchies", lambda: ())

    assert finding("control groups").detail == "none is mounted"


def test_a_missing_package_comes_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "PROGRAM_PATH", "/nowhere")

    assert finding("buildah") == Finding(
        "buildah",
        ok=False,
        detail="missing: builds images without a daemon",
        remedy="apt-get install --no-install-recommends buildah",
    )


def test_all_that_is_missing_is_said_at_once_with_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = (DEBIAN_PACKAGES[0], DEBIAN_PACKAGES[1])
    findings = [
        Finding("user", ok=False, detail="not root", remedy="run the command with sudo"),
        *(Finding(p.name, ok=False, detail=f"missing: {p.purpose}", remedy=install_command((p,))) for p in lacking),
    ]
    monkeypatch.setattr(machine, "missing_packages", lambda: lacking)

    with pytest.raises(MachineError) as refused:
        require_able(findings)

    assert str(refused.value) == (
        "FAL-MAC-001  this machine\n"
        "  user: not root\n"
        "  etcd-server: missing: the cluster's database\n"
        "  runc: missing: starts containers\n"
        "  Next: apt-get install --no-install-recommends etcd-server runc; run the command with sudo; "
        "or use a cluster you have: --kubeconfig FILE"
    )


def test_a_program_counts_wherever_it_came_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "runc").touch(mode=0o755)
    monkeypatch.setattr(packages, "PROGRAM_PATH", str(tmp_path))

    assert DebianPackage("runc", "runc", "").is_installed()
    assert not DebianPackage("etcd-server", "etcd", "").is_installed()
    assert DebianPackage("any", str(tmp_path / "runc"), "").is_installed()
