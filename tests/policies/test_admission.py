"""What a cluster is given says what the plan's controls say: proven on every example, by a real API server."""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Iterator
from functools import reduce
from typing import Any
from uuid import uuid4

import pytest
from lightkube import Client
from lightkube.codecs import from_dict
from lightkube.core.exceptions import ApiError
from lightkube.resources.core_v1 import ServiceAccount

from components.admission.spec import AdmissionRule, admission_rules, policies
from policies import admission
from policies.control import Example
from policies.controls import load, named
from policies.examples.kubernetes import deployment
from policies.path import Path
from policies.values import holds_unknown
from policies.workloads.workload import MADE
from tests.policies.changes import value_at

RUN = f"proof-{uuid4().hex[:8]}"
"""How everything is called that a run makes: what a run that was killed has left is not in the way."""
RULES = {rule.control: rule for rule in admission_rules()}
READY_SECONDS = 60


def test_the_file_is_what_the_controls_say_now() -> None:
    written = admission.FILE.read_text(encoding="utf-8")

    assert written == admission.text(), "python -m policies.admission writes it anew"
    assert set(RULES) == {control.id for control in load() if control.admits}


def test_rules_of_the_same_objects_and_level_are_one_policy() -> None:
    made = policies(RULES.values(), ())

    assert set(made) >= {"falaj-workloads-mandatory"}
    assert sum(len(policy["validations"]) for policy in made.values()) == len(RULES)
    assert all(policy["failure_policy"] == "Fail" for policy in made.values())


def test_a_profile_may_only_tighten() -> None:
    assert set(policies(RULES.values(), ("gov",))) <= set(policies(RULES.values(), ()))


def sendable() -> Iterator[Any]:
    """Every example that an API server can be asked about: no patches, no lists, nothing unknown."""
    for rule in RULES.values():
        (control,) = named(rule.control)
        for kind in ("good", "bad"):
            for example in getattr(control.examples, kind):
                found = example.resources[0]
                whole = not holds_unknown(found.root.value) and not has_ephemeral(example)
                if whole and found.type.startswith("kubernetes:") and not found.type.endswith(("Patch", "List")):
                    yield pytest.param(rule, example, kind, id=f"{rule.control}: {example.label}")


def has_ephemeral(example: Example) -> bool:
    """Whether it holds what can only be added to a pod that runs."""
    found = example.resources[0]
    pod = reduce(Path.__truediv__, MADE.get(found.type, ()), Path())
    return bool(value_at(found.root.value, pod / "ephemeralContainers"))


def room(control: str) -> str:
    """The namespace that one control guards alone: an API server tells of the first refusal only."""
    return f"{RUN}-{control.lower()}"


def completed(example: Example, namespace: str) -> dict[str, Any]:
    """The example's object with what every API server asks for and no control looks at."""
    found = example.resources[0]
    _, version, kind = found.type.split(":")
    whole: dict[str, Any] = copy.deepcopy(dict(found.root.value))  # type: ignore[call-overload]  # a mapping
    metadata = whole.get("metadata") or {}
    whole |= {"apiVersion": version.removeprefix("core/"), "kind": kind}
    whole["metadata"] = metadata | {"name": "proof", "namespace": namespace}
    if found.type in MADE:
        pod = value_at(whole, reduce(Path.__truediv__, MADE[found.type], Path()))
        if kind in {"Job", "CronJob"}:
            pod.setdefault("restartPolicy", "Never")
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
    return whole


def camel(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {re.sub(r"_(\w)", lambda match: match[1].upper(), name): camel(member) for name, member in value.items()}
    return [camel(member) for member in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def guarded(kubernetes_client: Client) -> Iterator[Client]:
    """A namespace for each rule, which alone guards it."""
    objects = [each for rule in RULES.values() for each in installed(rule)]
    for each in objects:
        kubernetes_client.create(from_dict(each))
    deadline = time.monotonic() + READY_SECONDS
    while not {room(control) for control in RULES} <= admitting(kubernetes_client):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield kubernetes_client
    for each in objects:
        kubernetes_client.delete(type(from_dict(each)), each["metadata"]["name"])


def admitting(client: Client) -> set[str | None]:
    """The namespaces that have got the service account without which no pod is let in."""
    accounts = [account.metadata for account in client.list(ServiceAccount, namespace="*")]
    return {metadata.namespace for metadata in accounts if metadata is not None and metadata.name == "default"}


def installed(rule: AdmissionRule) -> Iterator[dict[str, Any]]:
    """The rule as a policy, a namespace, and the binding of the one to the other alone."""
    ((_, specification),) = policies([rule], ("gov", "cbuae", "health")).items()
    name = room(rule.control)
    version = "admissionregistration.k8s.io/v1"
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
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
            # By the name alone: a label of ours would have a platform on the same cluster guard the namespace as well.
            "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}},
        },
    }


def refusals(client: Client, rule: AdmissionRule, example: Example) -> str:
    """What the API server says of the example's object; nothing where it takes it."""
    try:
        client.apply(from_dict(completed(example, room(rule.control))), field_manager="proof", force=True, dry_run=True)
    except ApiError as error:
        return str(error)
    return ""


def is_refused(said: str, rule: AdmissionRule, example: Example) -> bool:
    """Whether the rule refuses it, or the API server itself: for what a finding is about, or as no object at all."""
    at_fault = tuple(finding.partition(":")[0] for finding in example.says)
    invalid = re.search(r" is invalid: \[?([^:]+):", said)
    return (
        f"denied request: {rule.message}" in said
        or said.startswith("failed to convert")
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
def test_what_no_rule_guards_is_let_in(guarded: Client) -> None:
    whole = completed(Example("elsewhere", (deployment(hostNetwork=True),), {}), "default")

    assert guarded.apply(from_dict(whole), field_manager="proof", force=True, dry_run=True) is not None
