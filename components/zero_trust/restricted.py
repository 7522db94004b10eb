"""Pods that the `restricted` Pod Security Standard admits, and a little stricter: one place for the words.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.labels import selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi_kubernetes.apps.v1 import DeploymentStrategyArgsDict
    from pulumi_kubernetes.core.v1 import (
        ContainerPortArgsDict,
        PodSecurityContextArgsDict,
        ProbeArgsDict,
        ResourceRequirementsArgsDict,
        SecurityContextArgsDict,
        TopologySpreadConstraintArgsDict,
    )

    from falaj.catalog.tiers import Resources

NOBODY = 65532
"""The user and group id of every container; it owns no file and has no name on the node."""

POD_CONTROLS = ("POD-002", "POD-003", "POD-004", "POD-006", "POD-007", "POD-009")
"""Controls that a pod made with these words supports."""

POD_SECURITY: PodSecurityContextArgsDict = {
    "run_as_non_root": True,
    "run_as_user": NOBODY,
    "run_as_group": NOBODY,
    "fs_group": NOBODY,
    "seccomp_profile": {"type": "RuntimeDefault"},
}
"""For `spec.securityContext` of a pod."""

CONTAINER_SECURITY: SecurityContextArgsDict = {
    "allow_privilege_escalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "read_only_root_filesystem": True,
    "run_as_non_root": True,
}
"""For `securityContext` of a container."""


def resource_requirements(resources: Resources) -> ResourceRequirementsArgsDict:
    """Return the requests and limits of one container, all four written out."""
    return {
        "requests": {"cpu": resources.cpu_request, "memory": resources.memory_request},
        "limits": {"cpu": resources.cpu_limit, "memory": resources.memory_limit},
    }


def container_ports(**ports: int) -> list[ContainerPortArgsDict]:
    """Return named TCP ports of a container."""
    return [{"name": name, "container_port": port, "protocol": "TCP"} for name, port in ports.items()]


def http_probe(path: str, port: str, *, period: int, failures: int) -> ProbeArgsDict:
    """Return a probe by HTTP GET that gives up after `failures` tries, `period` seconds apart."""
    return {
        "http_get": {"path": path, "port": port, "scheme": "HTTP"},
        "period_seconds": period,
        "timeout_seconds": 3,
        "failure_threshold": failures,
    }


def spread_over(topology_keys: Iterable[str], name: str, component: str) -> list[TopologySpreadConstraintArgsDict]:
    """Return constraints that spread a workload's pods over zones and nodes where there are several."""
    return [
        {
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": selector(name, component)},
            "match_label_keys": ["pod-template-hash"],
        }
        for key in topology_keys
    ]


def rolling_update() -> DeploymentStrategyArgsDict:
    """Return the strategy under which a new pod answers before an old one leaves."""
    return {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}}
