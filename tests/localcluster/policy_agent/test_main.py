from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "falaj.localcluster.policy_agent", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": str(path)}, timeout=60)


def test_says_what_to_install_where_nft_is_missing(tmp_path: Path) -> None:
    ended = run("--kubeconfig", str(tmp_path / "none"), "--pod-cidr", "10.244.0.0/24", path=tmp_path)

    assert ended.returncode == 4
    assert ended.stderr.partition(" ERROR ")[2] == (
        "FAL-NET-001  policy agent\n"
        "  The program nft is not installed, so NetworkPolicy cannot be enforced.\n"
        "  Next: apt-get install nftables conntrack\n"
    )


def test_says_why_the_kernel_cannot_enforce(tmp_path: Path) -> None:
    nft = tmp_path / "nft"
    nft.write_text("#!/bin/sh\necho 'Error: Could not process rule: Operation not supported' >&2\nexit 1\n")
    nft.chmod(0o755)
    ended = run("--kubeconfig", str(tmp_path / "none"), "--pod-cidr", "10.244.0.0/24", path=tmp_path)

    assert ended.returncode == 4
    assert ended.stderr.partition(" ERROR ")[2] == (
        "FAL-NET-002  policy agent\n"
        "  nftables refused the rules that enforce NetworkPolicy:\n"
        "  Error: Could not process rule: Operation not supported\n"
        "  Next: as root, on a kernel with nf_tables (CONFIG_NF_TABLES_INET, NFT_CT, NFT_FIB_INET): falaj doctor\n"
    )


def test_a_wrong_flag_is_named(tmp_path: Path) -> None:
    ended = run("--kubeconfig", "none", "--pod-cidr", "10.244.0.0/33", path=tmp_path)

    assert ended.returncode == 2
    assert ended.stderr.endswith("error: argument --pod-cidr: invalid IPv4Network value: '10.244.0.0/33'\n")
