"""Builders of what serves requests in a cluster: the workload, its Service, its budget, its autoscaler.

A keyword set to `None` leaves the property out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from falaj.catalog.model_annotations import ModelAnnotation
from policies.examples.kubernetes import container, metadata, pod_spec, without_none
from policies.resources import Resource, resource
from policies.workloads.kinds import SERVICES

DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"
STATEFUL_SET: Final = "kubernetes:apps/v1:StatefulSet"
BUDGET: Final = "kubernetes:policy/v1:PodDisruptionBudget"
AUTOSCALER: Final = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
POD_LABELS: Final = {"app.kubernetes.io/name": "iris", "app.kubernetes.io/component": "model-server"}
ZONE: Final = "topology.kubernetes.io/zone"


def probed(**properties: object) -> dict[str, Any]:
    """Describe a container that says when it is ready and when it is stuck."""
    probe = {"httpGet": {"path": "/v2/health/ready", "port": "http"}, "periodSeconds": 2}
    return container(**{"readinessProbe": probe, "livenessProbe": probe} | properties)


def spread(**properties: object) -> dict[str, Any]:
    """Describe a constraint that spreads pods evenly over zones."""
    return without_none(
        {
            "topologyKey": ZONE,
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(POD_LABELS)},
        }
        | properties
    )


def replicated(
    containers: Sequence[object] | None = None,
    *,
    kind: str = DEPLOYMENT,
    replicas: object = 2,
    labels: object = POD_LABELS,
    inside: object = "acme",
    made_from: Sequence[str] = (),
    name: str = "iris",
    router: object = None,
    **pod: object,
) -> Resource:
    """Make a workload of two pods spread over zones, each of one probed container; perhaps behind a router."""
    spec = pod_spec([probed()] if containers is None else containers, **{"topologySpreadConstraints": [spread()]} | pod)
    template = {"metadata": without_none({"labels": labels}), "spec": spec}
    return resource(
        kind,
        {
            "metadata": metadata(
                name=name,
                namespace=inside,
                annotations=None if router is None else {ModelAnnotation.ROUTED_BY.value: router},
            ),
            "spec": without_none({"replicas": replicas, "template": template}),
        },
        urn=None if name == "iris" else f"urn:pulumi:stack::project::{kind}::{name}",
        property_dependencies={"metadata": made_from},
    )


def front(*, inside: object = "acme", made_from: Sequence[str] = (), selector: object = POD_LABELS) -> Resource:
    """Make the Service in front of the workload."""
    return resource(
        SERVICES[0],
        {
            "metadata": metadata(name="iris", namespace=inside),
            "spec": without_none({"selector": selector, "ports": [{"name": "http", "port": 8080}]}),
        },
        property_dependencies={"metadata": made_from},
    )


def budget(*, inside: object = "acme", made_from: Sequence[str] = (), **spec: object) -> Resource:
    """Make the budget that lets one pod go at a time."""
    properties = {"maxUnavailable": 1, "selector": {"matchLabels": dict(POD_LABELS)}}
    return resource(
        BUDGET,
        {"metadata": metadata(name="iris", namespace=inside), "spec": without_none(properties | spec)},
        property_dependencies={"metadata": made_from},
    )


def autoscaler(*, inside: object = "acme", target: object = "iris", **spec: object) -> Resource:
    """Make an autoscaler that keeps at least two pods."""
    properties = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}, "minReplicas": 2}
    return resource(
        AUTOSCALER, {"metadata": metadata(name="iris", namespace=inside), "spec": without_none(properties | spec)}
    )
