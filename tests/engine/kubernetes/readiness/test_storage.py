from __future__ import annotations

from falaj.engine.kubernetes.readiness.assessment import Failed, Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.storage import assess_claim, assess_volume

ALONE = Surroundings()


def test_a_claim_is_ready_when_bound() -> None:
    assert assess_claim({"status": {"phase": "Bound"}}, ALONE) == Ready()
    assert assess_claim({"status": {"phase": "Pending"}}, ALONE) == Waiting("no volume is bound to it yet")
    assert assess_claim({"status": {"phase": "Lost"}}, ALONE) == Failed("the volume it was bound to is lost")


def test_a_claim_that_waits_for_its_first_pod_is_ready() -> None:
    around = Surroundings(storage_class={"volumeBindingMode": "WaitForFirstConsumer"})
    assert assess_claim({"status": {"phase": "Pending"}, "spec": {"storageClassName": "local"}}, around) == Ready()


def test_a_claim_of_a_class_that_does_not_exist_is_stuck() -> None:
    assert assess_claim({"spec": {"storageClassName": "gold"}}, ALONE) == Waiting(
        "storage class gold does not exist", stuck=True
    )


def test_a_volume_is_ready_when_it_can_be_bound() -> None:
    assert assess_volume({"status": {"phase": "Available"}}, ALONE) == Ready()
    assert assess_volume({}, ALONE) == Waiting("the volume is Pending")
    assert assess_volume({"status": {"phase": "Failed", "message": "gone"}}, ALONE) == Failed("the volume failed: gone")
