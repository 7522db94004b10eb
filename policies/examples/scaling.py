"""Builders for the examples of controls: what scales a Deployment."""

from __future__ import annotations

from policies.examples.kubernetes import metadata, without_none
from policies.resources import Resource, resource


def scaler(token: str = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler", **bounds: object) -> Resource:  # noqa: S107 - a type token
    """Make an autoscaler of two to ten replicas."""
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "iris"}, "minReplicas": 2, "maxReplicas": 10}
    return resource(token, {"metadata": metadata(), "spec": without_none(spec | bounds)})
