"""The provider on a real cluster: what is made, what is refused, and what is said when something is stuck."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from falaj.engine.kubernetes.values import UNKNOWN, Json, decode, secret
from tests.engine.kubernetes import plugin
from tests.engine.kubernetes.plugin import Plugin, RefusedError

if TYPE_CHECKING:
    from falaj.localcluster import Status

pytestmark = pytest.mark.cluster

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SERVICE = "kubernetes:core/v1:Service"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
WELL = "kubernetes:falaj.test/v1:Well"
PAUSE = "falaj.local/pause:latest"
COREDNS = "falaj.local/coredns:latest"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "seccompProfile": {"type": "RuntimeDefault"},
}


class Program:
    """Makes resources as an engine would, and removes what it made."""

    def __init__(self, provider: Plugin) -> None:
        self.provider = provider
        self._made: list[tuple[str, str, str, dict[str, Json]]] = []

    def check(self, token: str, name: str, properties: dict[str, Json]) -> dict[str, Json]:
        inputs, failures = self.provider.check(token, name, properties)
        assert failures == {}
        return inputs

    def preview(self, token: str, name: str, properties: dict[str, Json]) -> dict[str, Json]:
        return self.provider.create(token, name, self.check(token, name, properties), preview=True)[1]

    def make(
        self, token: str, name: str, properties: dict[str, Json], *, timeout: float = 120
    ) -> tuple[str, dict[str, Json]]:
        inputs = self.check(token, name, properties)
        try:
            made, outputs = self.provider.create(token, name, inputs, timeout=timeout)
        except RefusedError as error:
            partial = error.refusal.partial
            if partial is not None:
                self._made.append((token, name, partial.id, decode(partial.properties)))
            raise
        self._made.append((token, name, made, outputs))
        return made, outputs

    def refused(self, token: str, name: str, properties: dict[str, Json], *, timeout: float = 120) -> plugin.Refusal:
        with pytest.raises(RefusedError) as refusal:
            self.make(token, name, properties, timeout=timeout)
        return refusal.value.refusal

    def clear(self) -> None:
        for token, name, made, outputs in reversed(self._made):
            self.provider.delete(token, name, made, outputs, timeout=120)


@pytest.fixture
def program(cluster: Status) -> Iterator[Program]:
    with plugin.serving(patience=2) as served:
        served.configure(kubeconfig=str(cluster.kubeconfig))
        made = Program(served)
        yield made
        made.clear()


@pytest.fixture(scope="module")
def namespace(cluster: Status) -> Iterator[str]:
    """One for all tests: it takes seconds to go."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    with plugin.serving() as served:
        served.configure(kubeconfig=str(cluster.kubeconfig))
        made = Program(served)
        yield made.make(NAMESPACE, "provider", {"metadata": {"labels": labels}})[0]
        made.clear()


def deployment(namespace: str, name: str = "a", replicas: int = 1, **container: Json) -> dict[str, Json]:
    main = {"name": "main", "image": PAUSE, "imagePullPolicy": "Never", "securityContext": RESTRICTED, **container}
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [main]},
            },
        },
    }


def well(namespace: str, **metadata: Json) -> dict[str, Json]:
    return {
        "apiVersion": "falaj.test/v1",
        "kind": "Well",
        "metadata": {"name": "a", "namespace": namespace, **metadata},
        "spec": {"depth": 3},
    }


def definition() -> dict[str, Json]:
    depth = {"type": "object", "properties": {"depth": {"type": "integer", "minimum": 1}}}
    status = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": depth, "status": status}}}
    return {
        "metadata": {"name": "wells.falaj.test"},
        "spec": {
            "group": "falaj.test",
            "scope": "Namespaced",
            "names": {"kind": "Well", "plural": "wells"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def test_a_deployment_is_made_changed_refreshed_and_removed(program: Program, namespace: str) -> None:
    inputs = program.check(DEPLOYMENT, "a", deployment(namespace))
    made, outputs = program.make(DEPLOYMENT, "a", inputs)
    assert made == f"{namespace}/a"
    assert outputs["status"]["availableReplicas"] == 1
    assert outputs["__inputs"] == inputs
    provider = program.provider
    assert provider.diff(DEPLOYMENT, "a", made, outputs, inputs).changes == 1

    more = {**inputs, "spec": {**inputs["spec"], "replicas": 2}}
    answer = provider.diff(DEPLOYMENT, "a", made, outputs, more)
    assert list(answer.detailedDiff) == ["spec.replicas"]
    outputs = provider.update(DEPLOYMENT, "a", made, outputs, more)
    assert outputs["status"]["availableReplicas"] == 2

    assert provider.read(DEPLOYMENT, "a", made, outputs, more)[2] == more
    provider.delete(DEPLOYMENT, "a", made, outputs, timeout=120)
    provider.delete(DEPLOYMENT, "a", made, outputs, timeout=120)
    assert provider.read(DEPLOYMENT, "a", made, outputs, more) == ("", {}, {})


def test_a_field_taken_out_of_the_program_goes_from_the_object(program: Program, namespace: str) -> None:
    head = {"metadata": {"name": "a", "namespace": namespace, "labels": {"a": "b"}}}
    made, outputs = program.make(CONFIG_MAP, "a", {**head, "data": {"k": "v"}})
    less = program.check(CONFIG_MAP, "a", {"metadata": {"name": "a", "namespace": namespace}, "data": {"k": "v"}})
    outputs = program.provider.update(CONFIG_MAP, "a", made, outputs, less)
    assert "labels" not in outputs["metadata"]


def test_a_preview_leaves_what_the_server_makes_unknown_and_makes_nothing(program: Program, namespace: str) -> None:
    properties = {"metadata": {"name": "a", "namespace": namespace}, "spec": {"ports": [{"port": 80}]}}
    outputs = program.preview(SERVICE, "a", properties)
    assert outputs["spec"]["clusterIP"] == UNKNOWN
    assert outputs["spec"]["type"] == "ClusterIP"
    assert outputs["metadata"]["uid"] == UNKNOWN
    assert "status" not in outputs
    assert program.provider.read(SERVICE, "a", f"{namespace}/a") == ("", {}, {})


def test_a_preview_shows_a_wrong_field_by_its_path(program: Program, namespace: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        program.preview(DEPLOYMENT, "a", deployment(namespace, portz=[]))
    assert refusal.value.refusal.facts["message"] == (
        f"Deployment {namespace}/a was refused by the API server.\n"
        f"failed to create typed patch object ({namespace}/a; apps/v1, Kind=Deployment): "
        '.spec.template.spec.containers[name="main"].portz: field not declared in schema'
    )


def test_a_preview_shows_a_wrong_value_by_its_path(program: Program, namespace: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        program.preview(DEPLOYMENT, "a", deployment(namespace, image=""))
    assert refusal.value.refusal.facts["message"] == (
        f"Deployment {namespace}/a was refused by the API server.\n"
        "spec.template.spec.containers[0].image: Required value"
    )


def test_a_preview_trusts_the_plan_for_namespaces_and_kinds(program: Program) -> None:
    inputs = program.check(NAMESPACE, "new", {})
    name = inputs["metadata"]["name"]
    outputs = program.preview(CONFIG_MAP, "a", {"metadata": {"name": "a", "namespace": name}, "data": {"k": "v"}})
    assert outputs["data"] == {"k": "v"}
    program.check(DEFINITION, "wells", definition())
    assert program.preview(WELL, "a", well(name))["spec"] == {"depth": 3}


def test_a_preview_refuses_namespaces_and_kinds_that_nobody_makes(program: Program, namespace: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        program.preview(CONFIG_MAP, "a", {"metadata": {"name": "a", "namespace": "nowhere"}})
    assert refusal.value.refusal.facts["message"] == (
        "ConfigMap nowhere/a: namespace nowhere does not exist, and this program does not make it."
    )
    with pytest.raises(RefusedError) as refusal:
        program.preview(WELL, "a", well(namespace))
    assert refusal.value.refusal.facts["message"] == (
        "Well (falaj.test/v1) is not a kind of this cluster, "
        "and no CustomResourceDefinition in this program defines it."
    )


def test_a_kind_made_a_moment_ago_is_usable_and_strict(program: Program, namespace: str) -> None:
    _, outputs = program.make(DEFINITION, "wells", definition())
    status = outputs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    assert status["x_kubernetes_preserve_unknown_fields"] is True
    assert program.make(WELL, "a", well(namespace))[0] == f"{namespace}/a"
    with pytest.raises(RefusedError, match=r"\.spec\.deph: field not declared in schema"):
        program.preview(WELL, "b", {**well(namespace, name="b"), "spec": {"deph": 3}})
    refusal = program.refused(
        WELL, "c", well(namespace, name="c", annotations={"pulumi.com/waitFor": "condition=Ready"}), timeout=1
    )
    assert "not ready after 1 s: condition Ready is not there yet" in refusal.text


def test_a_secret_stays_secret_in_everything_that_is_kept(program: Program, namespace: str) -> None:
    token = "kubernetes:core/v1:Secret"
    properties = {"metadata": {"name": "a", "namespace": namespace}, "stringData": {"k": "hunter22"}}
    made, outputs = program.make(token, "a", properties)
    assert outputs["data"] == secret({"k": "aHVudGVyMjI="})
    assert outputs["__inputs"]["data"] == secret({"k": "aHVudGVyMjI="})
    _, outputs, inputs = program.provider.read(token, "a", made)
    assert outputs["data"] == inputs["data"] == secret({"k": "aHVudGVyMjI="})


def test_a_field_of_another_manager_is_not_taken_without_being_asked_to(program: Program, namespace: str) -> None:
    head = {"name": "a", "namespace": namespace}
    made, _ = program.make(CONFIG_MAP, "a", {"metadata": head, "data": {"k": "v"}})
    other = program.check(CONFIG_MAP, "b", {"metadata": head, "data": {"k": "w"}})
    state = {**other, "__inputs": other}
    with pytest.raises(RefusedError) as refusal:
        program.provider.update(CONFIG_MAP, "b", made, state, other)
    assert refusal.value.refusal.code == "FAL-K8S-017"
    assert '.data.k: conflict with "pulumi-kubernetes-' in refusal.value.refusal.text
    forced = {**other, "metadata": {**other["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}}
    assert program.provider.update(CONFIG_MAP, "b", made, state, forced)["data"] == {"k": "w"}


def test_a_service_waits_for_its_pods_and_says_what_is_missing(program: Program, namespace: str) -> None:
    spec = {"selector": {"app": "a"}, "ports": [{"port": 80}]}
    refusal = program.refused(
        SERVICE, "a", {"metadata": {"name": "a", "namespace": namespace}, "spec": spec}, timeout=1
    )
    assert refusal.facts["message"] == (
        f"Service {namespace}/a was applied but is not ready: not ready after 1 s: no pod has the labels app=a"
    )
    program.make(DEPLOYMENT, "a", deployment(namespace))
    program.make(SERVICE, "b", {"metadata": {"name": "b", "namespace": namespace}, "spec": spec})
    skipping = {"name": "c", "namespace": namespace, "annotations": {"pulumi.com/skipAwait": "true"}}
    program.make(SERVICE, "c", {"metadata": skipping, "spec": {**spec, "selector": {"app": "nobody"}}})


def test_an_image_that_is_not_there_is_said(program: Program, namespace: str) -> None:
    refusal = program.refused(DEPLOYMENT, "a", deployment(namespace, image="falaj.local/nothing:1"))
    assert refusal.partial is not None
    assert refusal.partial.id == f"{namespace}/a"
    assert refusal.partial.reasons[0] == "stuck: 0 of 1 new pods available"
    assert refusal.partial.reasons[1].endswith(
        ": container main: image falaj.local/nothing:1 is not on the node, and imagePullPolicy is Never"
    )


def test_a_pod_that_pod_security_forbids_is_said_at_once(program: Program, namespace: str) -> None:
    refusal = program.refused(DEPLOYMENT, "a", deployment(namespace, securityContext={}))
    assert "violates PodSecurity" in refusal.text
    assert "allowPrivilegeEscalation != false" in refusal.text


def test_a_pod_that_no_node_can_take_is_said(program: Program, namespace: str) -> None:
    huge = deployment(namespace, resources={"requests": {"cpu": "500"}})
    refusal = program.refused(DEPLOYMENT, "a", huge, timeout=3)
    assert "can't be scheduled: 0/1 nodes are available: 1 Insufficient cpu" in refusal.text


def test_a_crash_is_said_with_the_last_words(program: Program, namespace: str) -> None:
    job = {
        "metadata": {"name": "a", "namespace": namespace},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [
                        {
                            "name": "main",
                            "image": COREDNS,
                            "imagePullPolicy": "Never",
                            "args": ["-conf", "/nowhere/Corefile"],
                            "securityContext": RESTRICTED,
                        }
                    ],
                }
            },
        },
    }
    refusal = program.refused(JOB, "a", job)
    assert "the job failed: Job has reached the specified backoff limit" in refusal.text
    assert "container main ended (exit code 1, Error)" in refusal.text
    assert "last log lines of pod a-" in refusal.text
    assert "/nowhere/Corefile" in refusal.text


def test_a_finalizer_that_holds_a_deleted_object_is_named(program: Program, namespace: str) -> None:
    metadata = {"name": "a", "namespace": namespace, "finalizers": ["falaj.test/held"]}
    made, outputs = program.make(CONFIG_MAP, "a", {"metadata": metadata})
    with pytest.raises(RefusedError) as refusal:
        program.provider.delete(CONFIG_MAP, "a", made, outputs, timeout=1)
    assert refusal.value.refusal.facts["message"] == (
        f"ConfigMap {namespace}/a was deleted but is still there after 1 s: held by its finalizers falaj.test/held"
    )
    free = {**outputs["__inputs"], "metadata": {"name": "a", "namespace": namespace}}
    program.provider.update(CONFIG_MAP, "a", made, outputs, free)


def test_an_existing_object_is_read_with_the_inputs_that_would_make_it(program: Program) -> None:
    token = "kubernetes:discovery.k8s.io/v1:EndpointSlice"
    made, outputs, inputs = program.provider.read(token, "api", "default/kubernetes")
    assert made == "default/kubernetes"
    assert outputs["endpoints"] == inputs["endpoints"]
    assert "uid" in outputs["metadata"]
    assert "uid" not in inputs["metadata"]
