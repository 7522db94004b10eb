"""What a cluster is given says what the plan's controls say: proven on every example, by a real API server."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Collection, Iterator
from functools import reduce
from typing import Any
from uuid import uuid4

import pytest
from lightkube import Client
from lightkube.codecs import from_dict
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import Pod, ServiceAccount
from msgspec import ValidationError

from components.admission.spec import AdmissionRule, AdmissionSpec, admission_rules, policies
from falaj.catalog.labels import PLATFORM_ROLE, ROLE
from policies import admission
from policies.control import Example
from policies.controls import load, named
from policies.controls.pod_001 import TrustedNamespaces
from policies.examples.kubernetes import container, deployment, pod, without_none
from policies.path import Path
from policies.values import Secret, holds_unknown
from policies.workloads.kinds import GATEWAY_COMPONENT
from policies.workloads.workload import MADE
from tests.policies.changes import value_at

RUN = f"proof-{uuid4().hex[:8]}"
"""How everything is called that a run makes: what a run that was killed has left is not in the way."""
RULES = {rule.control: rule for rule in admission_rules()}
SPEC = AdmissionSpec(
    owner="platform",
    profiles=("gov", "cbuae", "health"),
    namespace_label="unused",
    parameters={"SUP-002": {"registries": ("acmeuae.azurecr.io",)}},
)
"""Every control is asked for somewhere. The registry is the one that the stacks of examples make."""
MARK = "proof"
"""Label of the namespaces that one rule guards. None of ours, which a platform on the same cluster would guard too."""
BACKEND = {"service": {"name": "proof", "port": {"number": 8080}}}
TRUSTED = TrustedNamespaces().privileged
OWN_GROUPS = ("", "apps", "autoscaling", "batch", "networking.k8s.io", "rbac.authorization.k8s.io")
"""Groups of Kubernetes itself; resources of others are made up, lest they be taken for those of a platform."""
NO_OBJECT = ("failed to convert", "cannot be handled as a", "Object missing required field")
"""What an API server, or the client before it, says of what is no object of its kind."""
READY_SECONDS = 60


def test_the_file_is_what_the_controls_say_now() -> None:
    written = admission.FILE.read_text(encoding="utf-8")

    assert written == admission.text(), "python -m policies.admission writes it anew"
    assert set(RULES) == {control.id for control in load() if control.admits}


def test_every_control_of_a_cluster_says_how_it_stands_at_the_door() -> None:
    for control in load():
        ways = [bool(control.admits), bool(control.not_at_the_door)]
        assert sum(ways) == admission.is_of_a_cluster(control), control.id
        assert not control.only_in_a_plan or control.admits, control.id


def test_rules_of_the_same_objects_and_level_are_one_policy() -> None:
    made = policies(RULES.values(), SPEC)

    assert set(made) >= {"falaj-workloads-mandatory", "falaj-services-mandatory"}
    assert sum(len(policy["validations"]) for policy in made.values()) == len(RULES)
    assert all(policy["failure_policy"] == "Fail" for policy in made.values())


def test_a_profile_may_only_tighten() -> None:
    baseline = SPEC.model_copy(update={"profiles": ()})

    assert set(policies(RULES.values(), SPEC)) <= set(policies(RULES.values(), baseline))


def sendable() -> Iterator[Any]:
    """Every example that an API server can be asked about alone."""
    for rule in RULES.values():
        (control,) = named(rule.control)
        for kind in ("good", "bad"):
            for example in getattr(control.examples, kind):
                if is_sendable(example, admission.guarded(control)):
                    yield pytest.param(rule, example, kind, id=f"{rule.control}: {example.label}")


def is_sendable(example: Example, guarded: Collection[str]) -> bool:
    """Whether an API server can tell it: no patches, no lists, nothing unknown, and nothing that only a plan holds."""
    found = example.resources[0]
    if example.parameters is not None:
        return False  # the door does not know what the operator has set
    if not found.type.startswith("kubernetes:") or found.type.endswith(("Patch", "List")):
        return False
    if admission.resource_of(found.type) not in guarded or has_ephemeral(example):
        return False
    inside = found.type_chain[:-1]
    return not (
        holds_unknown(found.root.value) or is_marked_secret(found.root.value) or set(inside) - {GATEWAY_COMPONENT}
    )


def is_marked_secret(value: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether the program itself calls any part of it a secret."""
    if isinstance(value, dict):
        return any(map(is_marked_secret, value.values()))
    return any(map(is_marked_secret, value)) if isinstance(value, list) else isinstance(value, Secret)


def has_ephemeral(example: Example) -> bool:
    """Whether it holds what can only be added to a pod that runs."""
    found = example.resources[0]
    if found.type not in MADE:
        return False
    pod = reduce(Path.__truediv__, MADE[found.type], Path())
    return bool(value_at(found.root.value, pod / "ephemeralContainers"))


def room(control: str) -> str:
    """The namespace that one control guards alone: an API server tells of the first refusal only."""
    return f"{RUN}-{control.lower()}"


def place(rule: AdmissionRule, example: Example) -> str:
    """The namespace an example goes to: one of the platform, where its plan has it in the gateway's component."""
    inside = example.resources[0].type_chain[:-1]
    return f"{room(rule.control)}-platform" if GATEWAY_COMPONENT in inside else room(rule.control)


def completed(example: Example, namespace: str) -> dict[str, Any]:
    """The example's object with what every API server asks for and no control looks at."""
    found = example.resources[0]
    _, version, kind = found.type.split(":")
    whole: dict[str, Any] = copy.deepcopy(dict(found.root.value))  # type: ignore[call-overload]  # a mapping
    metadata = whole.get("metadata") or {}
    whole |= {"apiVersion": api_version(version), "kind": kind}
    whole["metadata"] = metadata | {"name": "proof", "namespace": namespace}
    if kind == "Namespace":
        name = metadata["name"] if metadata["name"] in TRUSTED else f"{RUN}-asked"
        labels = without_none(metadata.get("labels") or {}) | {MARK: namespace}
        whole["metadata"] = metadata | {"name": name, "labels": labels}
    if found.type in MADE:
        complete_workload(whole, found.type)
    for subject in whole.get("subjects", ()):
        if subject["kind"] == "ServiceAccount":
            subject.setdefault("namespace", namespace)
    for rule in whole["spec"].get("rules") or () if kind == "Ingress" else ():
        rule["http"] = {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}
    if kind == "HorizontalPodAutoscaler":
        whole["spec"]["scaleTargetRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "proof"}
    return whole


def complete_workload(whole: dict[str, Any], token: str) -> None:
    """Write into something that runs containers what it cannot be without."""
    kind, pod = whole["kind"], value_at(whole, reduce(Path.__truediv__, MADE[token], Path()))
    if kind in {"Job", "CronJob"}:
        pod.setdefault("restartPolicy", "Never")
    if kind == "CronJob":
        whole["spec"].setdefault("schedule", "0 3 * * *")
    if kind not in {"Pod", "Job", "CronJob"}:
        labels = whole["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {"app": "proof"})
        whole["spec"]["selector"] = labels if kind == "ReplicationController" else {"matchLabels": labels}
    if kind == "StatefulSet":
        whole["spec"].setdefault("serviceName", "proof")
    for number, each in enumerate([*pod.get("initContainers", ()), *pod.get("containers", ())]):
        each["name"] = f"container-{number}"
        each.setdefault("terminationMessagePolicy", "File")
        for port, given in enumerate(each.get("ports") or ()):
            given.setdefault("containerPort", 8000 + port)


def api_version(version: str) -> str:
    """The version of an object on the suite's cluster."""
    group, _, number = version.removeprefix("core/").rpartition("/")
    return version.removeprefix("core/") if group in OWN_GROUPS else f"{own_group(group)}/{number}"


def own_group(group: str) -> str:
    """The group that stands for one of others on the suite's cluster."""
    return group if group in OWN_GROUPS else f"{group.partition('.')[0]}.{RUN}.test"


def definitions() -> Iterator[dict[str, Any]]:
    """Definitions of what others than Kubernetes bring, under groups of the suite's own, and of any shape."""
    kinds = {
        admission.resource_of(token): token.rpartition(":")[2]
        for control in load()
        if control.admits
        for token in admission.judged(control)
    }
    versions: dict[tuple[str, str], set[str]] = {}
    for name in {name for rule in RULES.values() for name in rule.resources}:
        group, version, plural = name.split("/")
        if group not in OWN_GROUPS:
            versions.setdefault((group, plural), set()).add(version)
    for (group, plural), served in versions.items():
        kind = kinds[f"{group}/{min(served)}/{plural}"]
        for version in served:
            create_namespaced_resource(own_group(group), version, kind, plural)
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{own_group(group)}"},
            "spec": {
                "group": own_group(group),
                "scope": "Namespaced",
                "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
                "versions": [
                    {
                        "name": version,
                        "served": True,
                        "storage": version == min(served),
                        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                    for version in sorted(served)
                ],
            },
        }


def camel(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {re.sub(r"_(\w)", lambda match: match[1].upper(), name): camel(member) for name, member in value.items()}
    return [camel(member) for member in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def guarded(kubernetes_client: Client) -> Iterator[Client]:
    """A namespace for each rule, which alone guards it."""
    objects = [*definitions(), *(each for rule in RULES.values() for each in installed(rule))]
    for each in objects:
        kubernetes_client.create(from_dict(each))
    deadline = time.monotonic() + READY_SECONDS
    names = {each["metadata"]["name"] for each in objects if each["kind"] == "Namespace"}
    while not (names <= admitting(kubernetes_client) and all_are_established(kubernetes_client)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield kubernetes_client
    for each in objects:
        kubernetes_client.delete(type(from_dict(each)), each["metadata"]["name"])


def admitting(client: Client) -> set[str | None]:
    """The namespaces that have got the service account without which no pod is let in."""
    accounts = [account.metadata for account in client.list(ServiceAccount, namespace="*")]
    return {metadata.namespace for metadata in accounts if metadata is not None and metadata.name == "default"}


def all_are_established(client: Client) -> bool:
    """Whether what the suite defines can be made."""
    mine = [each for each in client.list(CustomResourceDefinition) if RUN in each.spec.group]
    return all(is_established(each) for each in mine)


def is_established(definition: CustomResourceDefinition) -> bool:
    """Whether objects of a definition can be made."""
    conditions = (definition.status.conditions if definition.status else None) or []
    return any(condition.type == "Established" and condition.status == "True" for condition in conditions)


def installed(rule: AdmissionRule) -> Iterator[dict[str, Any]]:
    """The rule as a policy, its namespaces, and the binding of the one to the others alone."""
    ((_, specification),) = policies([rule], SPEC).items()
    for constraint in specification["match_constraints"]["resource_rules"]:
        constraint["api_groups"] = [own_group(group) for group in constraint["api_groups"]]
    name = room(rule.control)
    version = "admissionregistration.k8s.io/v1"
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {MARK: name}}}
    if rule.control == "TLS-003":
        labels = {MARK: name, ROLE: PLATFORM_ROLE}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{name}-platform", "labels": labels}}
    yield {
        "apiVersion": version,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": camel(specification),
    }
    yield {
        "apiVersion": version,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {MARK: name}}},
        },
    }


def refusals(client: Client, rule: AdmissionRule, example: Example) -> str:
    """What the API server says of the example's object; nothing where it takes it."""
    try:
        whole = completed(example, place(rule, example))
        client.create(from_dict(whole), field_manager="proof", dry_run=True)
    except (ApiError, ValidationError) as error:
        return str(error)
    return ""


def is_refused(said: str, rule: AdmissionRule, example: Example) -> bool:
    """Whether the rule refuses it, or the API server itself: for what a finding is about, or as no object at all."""
    at_fault = tuple(finding.partition(":")[0] for finding in example.says)
    invalid = re.search(r" is invalid: \[?([^:]+):", said)
    return (
        f"denied request: {rule.message}" in said
        or any(word in said for word in NO_OBJECT)
        or (invalid is not None and any(path.startswith(invalid[1]) for path in at_fault))
    )


@pytest.mark.cluster
@pytest.mark.parametrize(("rule", "example", "kind"), list(sendable()))
def test_the_door_and_the_plan_say_the_same(guarded: Client, rule: AdmissionRule, example: Example, kind: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    said = refusals(guarded, rule, example)
    # A policy takes effect a moment after it was made.
    while kind == "bad" and not is_refused(said, rule, example) and time.monotonic() < deadline:
        time.sleep(0.2)
        said = refusals(guarded, rule, example)

    assert is_refused(said, rule, example) is (kind == "bad"), said


@pytest.mark.cluster
@pytest.mark.parametrize("control", ["POD-002", "POD-004"])
def test_a_debugger_is_held_to_what_its_pod_is_held_to(guarded: Client, control: str) -> None:
    whole = completed(Example("waits", (pod(nodeSelector={"falaj.dev/pool": "none"}),), {}), room(control))
    guarded.create(from_dict(whole))

    attach(guarded, room(control), container(name="careful", resources=None))
    with pytest.raises(ApiError, match=re.escape(RULES[control].message)):
        attach(guarded, room(control), container(name="reckless", resources=None, securityContext=None))


def attach(client: Client, namespace: str, debugger: dict[str, Any]) -> None:
    """Add a container to the pod of a namespace, as `kubectl debug` does."""
    patch = {"spec": {"ephemeralContainers": [debugger]}}
    client.patch(Pod.Ephemeralcontainers, "proof", patch, namespace=namespace)


@pytest.mark.cluster
def test_what_no_rule_guards_is_let_in(guarded: Client) -> None:
    whole = completed(Example("elsewhere", (deployment(hostNetwork=True),), {}), "default")

    assert guarded.apply(from_dict(whole), field_manager="proof", force=True, dry_run=True) is not None
