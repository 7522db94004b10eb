"""The door of a cluster as its tests put it up: each rule alone, in namespaces of its own, and what is sent there."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import reduce
from typing import Any
from uuid import uuid4

from lightkube.generic_resource import create_namespaced_resource

from components.admission.spec import AdmissionRule, AdmissionSpec, admission_rules, policies
from falaj.catalog.labels import PLATFORM_ROLE, ROLE
from policies import admission
from policies.control import Example
from policies.controls import load, named
from policies.controls.pod_001 import TrustedNamespaces
from policies.examples.kubernetes import without_none
from policies.path import Path
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
POLICY = {"apiVersion": "admissionregistration.k8s.io/v1"}
NOWHERE = {"falaj.dev/pool": "none"}
"""Where a pod waits for a node for ever."""


def room(control: str) -> str:
    """The namespace that one control guards alone: an API server tells of the first refusal only."""
    return f"{RUN}-{control.lower()}"


ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "traefik", "namespace": room("POD-008")}}
"""Whom the pods of examples name."""
BACKEND = {"service": {"name": "proof", "port": {"number": 8080}}}
OWN_GROUPS = ("", "apps", "autoscaling", "batch", "networking.k8s.io", "rbac.authorization.k8s.io")
"""Groups of Kubernetes itself; resources of others are made up, lest they be taken for those of a platform."""
SHAPE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
"""Any shape: a rule, not a definition, is to judge what others than Kubernetes bring."""


def place(rule: AdmissionRule, example: Example) -> str:
    """The namespace an example goes to: one of the platform, where its plan has it in the gateway's component."""
    if example.parameters is not None and rule.parameters:
        return f"{room(rule.control)}-own"
    inside = example.resources[0].type_chain[:-1]
    return f"{room(rule.control)}-platform" if GATEWAY_COMPONENT in inside else room(rule.control)


def specs(rule: AdmissionRule) -> dict[str, AdmissionSpec]:
    """What is asked of the door, by room: of most rules once, of some also with what examples say an operator set."""
    found = {room(rule.control): SPEC}
    (control,) = named(rule.control)
    for example in control.examples.good:
        if example.parameters is not None and rule.parameters:
            set_by_operator = example.parameters.model_dump(mode="json", include=set(rule.parameters))
            given = {rule.control: {name: tuple(value) for name, value in set_by_operator.items()}}
            found[place(rule, example)] = SPEC.model_copy(update={"parameters": given})
    return found


def completed(example: Example, namespace: str) -> dict[str, Any]:
    """The example's object with what every API server asks for and no control looks at."""
    found = example.resources[0]
    _, version, kind = found.type.split(":")
    whole: dict[str, Any] = copy.deepcopy(dict(found.root.value))  # type: ignore[call-overload]  # a mapping
    metadata = whole.get("metadata") or {}
    whole |= {"apiVersion": api_version(version), "kind": kind}
    whole["metadata"] = metadata | {"name": "proof", "namespace": namespace}
    if kind == "Namespace":
        trusted = (example.parameters or TrustedNamespaces()).model_dump().get("privileged", ())
        name = metadata["name"] if metadata["name"] in trusted else f"{RUN}-asked"
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
                        "schema": {"openAPIV3Schema": SHAPE},
                    }
                    for version in sorted(served)
                ],
            },
        }


def installed(rule: AdmissionRule) -> Iterator[dict[str, Any]]:
    """The rule as policies, their namespaces, and the bindings of the ones to the others alone."""
    for name, spec in specs(rule).items():
        ((_, specification),) = policies([rule], spec).items()
        for constraint in specification["match_constraints"]["resource_rules"]:
            constraint["api_groups"] = [own_group(group) for group in constraint["api_groups"]]
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {MARK: name}}}
        yield {**POLICY, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": camel(specification)}
        yield {
            **POLICY,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {
                "policyName": name,
                "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": {"matchLabels": {MARK: name}}},
            },
        }
    if rule.control == "TLS-003":
        name = room(rule.control)
        labels = {MARK: name, ROLE: PLATFORM_ROLE}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{name}-platform", "labels": labels}}


def camel(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {re.sub(r"_(\w)", lambda match: match[1].upper(), name): camel(member) for name, member in value.items()}
    return [camel(member) for member in value] if isinstance(value, list) else value
