"""The stacks of the embedded engine that live on a cluster, found by the kubeconfig in their state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from falaj import engine
from falaj.cli.deployed import state_directory
from falaj.cli.project import project_root
from falaj.errors import ConfigurationError


def forget_residents(kubeconfig: Path) -> list[tuple[str, Path]]:
    """Set aside the state of each stack whose Kubernetes provider used that kubeconfig; the cluster must be gone.

    Returns the stack names with the files their states were moved to. Outside a project there is nothing to forget.
    """
    try:
        project = engine.Project.load(project_root())
    except ConfigurationError:
        return []
    kept = state_directory()
    return [
        (stack.name, engine.set_aside(project, stack.name, state_directory=kept))
        for stack in engine.stacks(project, state_directory=kept)
        if stack.deployed and str(kubeconfig) in _kubeconfigs(engine.export(project, stack.name, state_directory=kept))
    ]


def _kubeconfigs(state: dict[str, Any]) -> set[str]:
    return {
        str(resource.get("inputs", {}).get("kubeconfig"))
        for resource in state["deployment"].get("resources") or []
        if resource["type"] == "pulumi:providers:kubernetes"
    }
