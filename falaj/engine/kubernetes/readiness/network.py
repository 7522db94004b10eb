"""When a Service or an Ingress is ready."""

from __future__ import annotations

from falaj.engine.kubernetes.readiness.assessment import Assessment, Object, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.pods import troubles, warnings
from falaj.engine.kubernetes.values import dig


def assess_service(service: Object, around: Surroundings) -> Assessment:
    """Ready when it has the address it asks for, and a ready pod behind it if it chooses pods.

    A headless or external Service, and one without a selector, is not waited for on account of pods.
    """
    spec = dig(service, "spec", default={})
    if spec.get("type") == "ExternalName":
        return Ready()
    if spec.get("type") == "LoadBalancer" and not dig(service, "status", "loadBalancer", "ingress"):
        return Waiting("no load balancer has given it an address yet", tuple(warnings(service, around.events)))
    if not spec.get("selector") or spec.get("clusterIP") == "None":
        return Ready()
    for endpoint_slice in around.endpoint_slices:
        for endpoint in endpoint_slice.get("endpoints") or ():
            if dig(endpoint, "conditions", "ready", default=True):
                return Ready()
    if not around.pods:
        labels = ",".join(f"{name}={value}" for name, value in sorted(spec["selector"].items()))
        return Waiting(f"no pod has the labels {labels}")
    found = troubles(around.pods, around.events)
    return Waiting(f"none of the {len(around.pods)} pods behind it is ready", tuple(trouble.text for trouble in found))


def assess_ingress(ingress: Object, around: Surroundings) -> Assessment:
    """Ready when a controller has given it an address."""
    if dig(ingress, "status", "loadBalancer", "ingress"):
        return Ready()
    named = dig(ingress, "spec", "ingressClassName")
    by = f"the controller of class {named}" if named else "a controller"
    return Waiting(f"{by} has not given it an address yet", tuple(warnings(ingress, around.events)))
