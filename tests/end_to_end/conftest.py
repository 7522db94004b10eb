"""The whole path on the shared real cluster: the environment deployed once, each test with tenants of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from falaj import localcluster

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Workspace:
    """A user's project in a folder of its own, with its own state, against the test cluster."""

    root: Path
    state: Path
    kubeconfig: Path

    def falaj(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command as a user would, without a terminal."""
        environment = {
            **os.environ,
            "FALAJ_ENGINE": "embedded",
            "FALAJ_STATE_DIRECTORY": str(self.state),
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("falaj")), *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        if check:
            assert done.returncode == 0, f"falaj {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self, stack: str) -> dict[str, Any]:
        """Deploy a stack and return the result as the command prints it."""
        arguments = ["up", "-s", stack, "--yes", "--json"]
        if stack == "local":
            arguments += ["--kubeconfig", str(self.kubeconfig)]
        result: dict[str, Any] = json.loads(self.falaj(*arguments).stdout)
        return result

    def destroy(self, stack: str) -> None:
        """Remove what a stack made."""
        self.falaj("destroy", "-s", stack, "--yes")

    def write_tenant(self, stack: str, **changes: object) -> Path:
        """A stack file like local-smb's with other values under falaj:tenant, and as much said of every model."""
        content = yaml.safe_load((ROOT / "stacks/config/Pulumi.local-smb.yaml").read_text())
        tenant = content["config"]["falaj:tenant"]
        governance = tenant["endpoints"]["iris"]["governance"] | {"assessment": {"id": "DPIA-1", "day": "2026-11-01"}}
        tenant |= changes
        for endpoint in tenant["endpoints"].values():
            endpoint.setdefault("governance", governance)
        path = self.root / "stacks" / "config" / f"Pulumi.{stack}.yaml"
        path.write_text(yaml.safe_dump(content))
        return path


def link_project(folder: Path) -> None:
    """What a user's project holds: the project file and the stack program as its own, the rest as links."""
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    shutil.copytree(ROOT / "stacks", folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("policies", "examples", "falaj", "serving_images"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".falaj").mkdir()


@pytest.fixture(scope="session")
def workspace(cluster: localcluster.Status, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A project whose images are in the test cluster; nothing is deployed yet."""
    folder = tmp_path_factory.mktemp("project")
    link_project(folder)
    shutil.copy(ROOT / ".falaj" / "images.json", folder / ".falaj")
    made = Workspace(root=folder, state=folder / "state", kubeconfig=cluster.kubeconfig)
    made.falaj("images", "load", "--name", cluster.name)
    return made


@pytest.fixture(scope="session")
def environment(workspace: Workspace) -> Iterator[Workspace]:
    """The environment `local`, deployed; removed at the end, after which nothing of it may be left."""
    workspace.up("local")
    yield workspace
    workspace.destroy("local")


@pytest.fixture(scope="session")
def tenant(environment: Workspace) -> Iterator[Workspace]:
    """The tenant `local-smb`, deployed on the environment."""
    environment.up("local-smb")
    yield environment
    environment.destroy("local-smb")
