from __future__ import annotations

from typing import Any

from falaj.engine.kubernetes.readiness.assessment import Ready, Surroundings, Waiting
from falaj.engine.kubernetes.readiness.network import assess_ingress, assess_service

ALONE = Surroundings()
SELECTING = {"spec": {"selector": {"app": "a", "tier": "b"}, "clusterIP": "10.0.0.1"}}


def slices(*ready: bool | None) -> list[dict[str, Any]]:
    return [{"endpoints": [{"conditions": {"ready": value}} for value in ready]}]


def test_a_service_wants_a_ready_pod_behind_it() -> None:
    assert assess_service(SELECTING, Surroundings(endpoint_slices=slices(False, True))) == Ready()
    assert assess_service(SELECTING, Surroundings(endpoint_slices=slices(None))) == Ready()


def test_a_service_that_no_pod_answers_to_says_which_labels_it_looks_for() -> None:
    assert assess_service(SELECTING, ALONE) == Waiting("no pod has the labels app=a,tier=b")


def test_a_service_whose_pods_are_not_ready_says_why_they_are_not() -> None:
    pod = {
        "metadata": {"name": "a-1", "uid": "1"},
        "status": {"containerStatuses": [{"name": "main", "state": {"running": {}}, "ready": False}]},
    }
    assert assess_service(SELECTING, Surroundings(pods=[pod], endpoint_slices=slices(False))) == Waiting(
        "none of the 1 pods behind it is ready", ("pod a-1: container main is running but not ready",)
    )


def test_services_that_choose_no_pods_are_ready_at_once() -> None:
    assert assess_service({"spec": {"type": "ExternalName", "externalName": "a.b"}}, ALONE) == Ready()
    assert assess_service({"spec": {"clusterIP": "10.0.0.1"}}, ALONE) == Ready()
    assert assess_service({"spec": {"clusterIP": "None", "selector": {"app": "a"}}}, ALONE) == Ready()


def test_a_load_balancer_wants_an_address() -> None:
    spec = {"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1"}}
    assert assess_service(spec, ALONE) == Waiting("no load balancer has given it an address yet")
    assert assess_service({**spec, "status": {"loadBalancer": {"ingress": [{"ip": "10.1.0.1"}]}}}, ALONE) == Ready()


def test_an_ingress_wants_an_address() -> None:
    assert assess_ingress({"spec": {"ingressClassName": "traefik"}}, ALONE) == Waiting(
        "the controller of class traefik has not given it an address yet"
    )
    assert assess_ingress({}, ALONE) == Waiting("a controller has not given it an address yet")
    assert assess_ingress({"status": {"loadBalancer": {"ingress": [{"ip": "10.1.0.1"}]}}}, ALONE) == Ready()
