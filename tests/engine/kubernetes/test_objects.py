from __future__ import annotations

from typing import Any

from falaj.engine.kubernetes.objects import (
    checkpoint,
    for_comparison,
    for_server,
    inputs_from_live,
    with_encoded_strings,
    with_unknowns,
)
from falaj.engine.kubernetes.values import UNKNOWN, secret


def test_the_server_gets_open_values_and_its_own_spelling() -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "uid": "x", "resourceVersion": "1"},
        "data": {"a": secret("b"), "n": None},
        "deep": [{"x_kubernetes_preserve_unknown_fields": True}],
    }
    assert for_server(inputs) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"a": "b"},
        "deep": [{"x-kubernetes-preserve-unknown-fields": True}],
    }


def test_texts_of_a_secret_become_data_and_stay_secret() -> None:
    given = {"kind": "Secret", "stringData": secret({"a": "b"}), "data": {"c": "ZA=="}}
    assert with_encoded_strings(given) == {"kind": "Secret", "data": secret({"c": "ZA==", "a": "Yg=="})}


def test_unknown_texts_of_a_secret_stay_unknown() -> None:
    assert with_encoded_strings({"stringData": {"a": UNKNOWN}}) == {"data": {"a": UNKNOWN}}
    assert with_encoded_strings({"stringData": UNKNOWN}) == {"stringData": UNKNOWN}


def test_equal_meaning_compares_equal() -> None:
    head = {"apiVersion": "v1", "kind": "Secret"}
    texts = {**head, "metadata": {"name": "a", "namespace": "default"}, "stringData": {"a": "b"}}
    data = {**head, "metadata": {"name": "a"}, "data": secret({"a": "Yg==\n"})}
    assert for_comparison(texts) == for_comparison(data)


def test_a_definition_compares_without_status_and_without_the_dropped_default() -> None:
    head = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    one = {**head, "spec": {"group": "g", "preserveUnknownFields": False}, "status": {"x": 1}}
    assert for_comparison(one) == {**head, "spec": {"group": "g"}}


def test_the_state_holds_the_live_object_and_what_pulumis_own_provider_needs() -> None:
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": secret("b")}}
    live = {**inputs, "metadata": {"name": "a", "uid": "1"}, "data": {"a": "b"}}
    assert checkpoint(live, inputs, manager="m", api_version="v1") == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "uid": "1"},
        "data": {"a": secret("b")},
        "__inputs": inputs,
        "__initialApiVersion": "v1",
        "__fieldManager": "m",
    }


def test_what_a_secret_holds_is_secret_in_the_state_even_if_the_program_did_not_say_so() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    inputs = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "Yg=="}}
    live = {**inputs, "metadata": {"annotations": {applied: '{"data":{"a":"Yg=="}}'}}}
    outputs = checkpoint(live, inputs, manager="m", api_version="v1")
    assert outputs["data"] == secret({"a": "Yg=="})
    assert outputs["__inputs"]["data"] == secret({"a": "Yg=="})
    assert outputs["metadata"]["annotations"][applied] == secret('{"data":{"a":"Yg=="}}')


def test_the_state_spells_schema_extensions_as_the_sdk_does() -> None:
    live = {"apiVersion": "x/v1", "kind": "X", "spec": {"x-kubernetes-int-or-string": True}}
    outputs = checkpoint(live, {"spec": {"x-kubernetes-int-or-string": True}}, manager="m", api_version="x/v1")
    assert outputs["spec"] == {"x_kubernetes_int_or_string": True}
    assert outputs["__inputs"] == {"spec": {"x_kubernetes_int_or_string": True}}


def test_a_previewed_creation_leaves_what_the_server_makes_unknown() -> None:
    inputs: dict[str, Any] = {"kind": "Service", "apiVersion": "v1", "metadata": {"name": "a"}, "spec": {"ports": []}}
    made = {
        **inputs,
        "metadata": {"name": "a", "uid": "u", "creationTimestamp": "t"},
        "spec": {"ports": [], "clusterIP": "10.0.0.9", "clusterIPs": ["10.0.0.9"]},
        "status": {},
    }
    assert with_unknowns(made, inputs) == {
        **inputs,
        "metadata": {"name": "a", "uid": UNKNOWN},
        "spec": {"ports": [], "clusterIP": UNKNOWN, "clusterIPs": UNKNOWN},
    }


def test_node_ports_that_the_server_chose_are_unknown() -> None:
    head = {"kind": "Service", "apiVersion": "v1"}
    made = {**head, "spec": {"ports": [{"port": 80, "nodePort": 31000}]}}
    asked = {**head, "spec": {"ports": [{"port": 80, "nodePort": 31000}]}}
    assert with_unknowns(made, head)["spec"]["ports"] == [{"port": 80, "nodePort": UNKNOWN}]
    assert with_unknowns(made, asked)["spec"]["ports"] == [{"port": 80, "nodePort": 31000}]


def test_a_headless_service_keeps_the_address_it_asked_for() -> None:
    inputs = {"kind": "Service", "apiVersion": "v1", "spec": {"clusterIP": "None"}}
    assert with_unknowns(inputs, inputs)["spec"]["clusterIP"] == "None"


def test_inputs_of_an_object_that_was_only_read_leave_out_what_the_server_made() -> None:
    live = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "a",
            "uid": "u",
            "managedFields": [],
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        "spec": {"replicas": 1},
        "status": {"replicas": 1},
    }
    assert inputs_from_live(live) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {"replicas": 1},
    }
