"""When a volume or a claim to one is ready."""

from __future__ import annotations

from falaj.engine.kubernetes.readiness.assessment import Assessment, Failed, Object, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.pods import warnings
from falaj.engine.kubernetes.values import dig


def assess_claim(claim: Object, around: Surroundings) -> Assessment:
    """Ready when bound, or when its storage class binds only once a pod wants it."""
    phase = dig(claim, "status", "phase", default="Pending")
    if phase == "Bound":
        return Ready()
    if phase == "Lost":
        return Failed("the volume it was bound to is lost")
    if dig(around.storage_class, "volumeBindingMode") == "WaitForFirstConsumer":
        return Ready()
    found = tuple(warnings(claim, around.events))
    named = dig(claim, "spec", "storageClassName")
    if named and not around.storage_class:
        return Waiting(f"storage class {named} does not exist", found, stuck=True)
    return Waiting("no volume is bound to it yet", found)


def assess_volume(volume: Object, _: Surroundings) -> Assessment:
    """Ready when it can be bound or is."""
    phase = dig(volume, "status", "phase", default="Pending")
    if phase in ("Available", "Bound"):
        return Ready()
    if phase == "Failed":
        return Failed(f"the volume failed: {dig(volume, 'status', 'message', default='no reason given')}")
    return Waiting(f"the volume is {phase}")
