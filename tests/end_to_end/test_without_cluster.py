"""On a machine that can't run the local cluster `make up` says why and shows what it can."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import ROOT, link_project

pytestmark = pytest.mark.slow


def test_a_full_disk_leaves_the_preview_and_the_plain_server(tmp_path: Path) -> None:
    project, small = tmp_path / "project", tmp_path / "small"
    project.mkdir()
    small.mkdir()
    link_project(project)
    shutil.copytree(ROOT / "scripts", project / "scripts")
    (project / ".venv").symlink_to(ROOT / ".venv")

    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o size=16m none {small} && exec scripts/up"],
        cwd=project,
        env={**os.environ, "FALAJ_CACHE": str(small), "FALAJ_ENGINE": "embedded", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    said = done.stderr
    assert (
        f"FAL-MAC-001  this machine\n  disk: 0.0 GiB free for {small}, 14 GiB needed\n"
        "  Next: free some, or set FALAJ_CACHE to a larger disk; or use a cluster you have: --kubeconfig FILE\n"
    ) in said
    assert (
        "Left out for want of a local cluster: creating the stack, the gateway and its TLS, network policies." in said
    )
    assert "No images were built here: their digests in this preview are stand-ins." in said
    assert "74 create" in done.stdout
    assert "label  BYTES 3  ['setosa', 'versicolor', 'virginica']" in done.stdout
    assert "plain HTTP on this machine" in said
