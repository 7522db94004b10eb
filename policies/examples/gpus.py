"""Builders for the examples of controls: what configures NVIDIA's device plugin, and claims of devices."""

from __future__ import annotations

from typing import Any

from policies.examples.kubernetes import metadata
from policies.resources import Resource, resource


def config_map(**texts: object) -> Resource:
    """Make a ConfigMap of these texts."""
    return resource("kubernetes:core/v1:ConfigMap", {"metadata": metadata(), "data": texts})


def devices(strategy: object) -> dict[str, Any]:
    """Describe a claim of one GPU with a strategy of sharing."""
    opaque = {"driver": "gpu.nvidia.com", "parameters": {"sharing": {"strategy": strategy}}}
    return {"devices": {"config": [{"requests": ["gpu"], "opaque": opaque}]}}


def claim(strategy: object) -> Resource:
    """Make a claim of one GPU."""
    return resource("kubernetes:resource.k8s.io/v1:ResourceClaim", {"metadata": metadata(), "spec": devices(strategy)})


def template(strategy: object) -> Resource:
    """Make what claims one GPU for each pod."""
    token = "kubernetes:resource.k8s.io/v1:ResourceClaimTemplate"  # noqa: S105 - a type token
    return resource(token, {"metadata": metadata(), "spec": {"spec": devices(strategy)}})
