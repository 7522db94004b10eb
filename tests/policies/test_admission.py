"""What a cluster is given says what the plan's controls say: proven on every example, by a real API server."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial, reduce
from typing import Any

import pytest
from lightkube import Client
from lightkube.codecs import from_dict
from lightkube.core.exceptions import ApiError
from lightkube.models.admissionregistration_v1 import TypeChecking
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.admissionregistration_v1 import ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding
from lightkube.resources.apiextensions_v1 import CustomResourceDefinition
from lightkube.resources.core_v1 import Namespace, Pod, ServiceAccount
from msgspec import ValidationError

from components.admission.spec import AdmissionRule, policies
from policies import admission
from policies.control import Example
from policies.controls import load, named
from policies.days import EXAMPLE_DAY
from policies.examples.kubernetes import container, deployment, pod
from policies.outcomes import Finding
from policies.path import Path
from policies.resources import Plan
from policies.values import Secret, holds_unknown
from policies.workloads.kinds import GATEWAY_COMPONENT
from policies.workloads.workload import MADE
from tests.policies.changes import value_at
from tests.policies.door import ACCOUNT, MARK, NOWHERE, RULES, RUN, SPEC, completed, definitions, installed, place, room

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


@pytest.fixture(scope="module")
def guarded(kubernetes_client: Client) -> Iterator[Client]:
    """A namespace for each rule, which alone guards it."""
    objects = [*definitions(), *(each for rule in RULES.values() for each in installed(rule))]
    with other_doors_open(kubernetes_client):
        for each in (*objects, ACCOUNT):
            until(partial(is_let_in, kubernetes_client, each))
        names = {each["metadata"]["name"] for each in objects if each["kind"] == "Namespace"}
        until(lambda: names <= admitting(kubernetes_client) and all_are_established(kubernetes_client))
        yield kubernetes_client
        for each in objects:
            kubernetes_client.delete(type(from_dict(each)), each["metadata"]["name"])


@contextmanager
def other_doors_open(client: Client) -> Iterator[None]:
    """Take away for a while what binds the policies of a platform on the same cluster: it guards its own labels."""
    bindings = list(client.list(ValidatingAdmissionPolicyBinding))
    for each in bindings:
        assert each.metadata is not None
        client.delete(ValidatingAdmissionPolicyBinding, str(each.metadata.name))
    yield
    for each in bindings:
        assert each.metadata is not None
        each.metadata = ObjectMeta(name=each.metadata.name, labels=each.metadata.labels)
        client.create(each)


def is_let_in(client: Client, written: dict[str, Any]) -> bool:
    """Make an object; not yet where a binding that is gone still has its effect, as it has for a moment."""
    try:
        client.create(from_dict(written))
    except ApiError as error:
        if "ValidatingAdmissionPolicy" not in str(error):
            raise
        return False
    return True


def until(holds: Callable[[], bool]) -> None:
    """Wait for what a cluster does in its own time."""
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


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


def refusals(client: Client, rule: AdmissionRule, example: Example) -> str:
    """What the API server says of the example's object; nothing where it takes it."""
    return said_of(client, completed(example, place(rule, example)))


def said_of(client: Client, whole: dict[str, Any]) -> str:
    """What the API server says of an object; nothing where it takes it."""
    try:
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
    if kind == "bad":
        # A policy takes effect a moment after it was made.
        until(lambda: is_refused(refusals(guarded, rule, example), rule, example))
    else:
        assert refusals(guarded, rule, example) == ""


@pytest.mark.cluster
def test_an_api_server_finds_no_fault_with_the_types_of_any_rule(guarded: Client) -> None:
    def checked() -> dict[str, TypeChecking]:
        mine = [each for each in guarded.list(ValidatingAdmissionPolicy) if RUN in named_of(each)]
        found = {named_of(each): each.status.typeChecking for each in mine if each.status is not None}
        return {name: checking for name, checking in found.items() if checking is not None}

    until(lambda: checked().keys() >= {room(control) for control in RULES})

    warnings = [each.warning for checking in checked().values() for each in checking.expressionWarnings or ()]
    faults = [line for warning in warnings for line in warning.splitlines() if ", Kind=" in line]
    # Of what others than Kubernetes bring, the suite's own definitions tell no shape.
    assert [fault for fault in faults if RUN not in fault] == []


def named_of(policy: ValidatingAdmissionPolicy) -> str:
    """The name of a policy."""
    return (policy.metadata.name if policy.metadata else None) or ""


@pytest.mark.cluster
@pytest.mark.parametrize("control", ["POD-002", "POD-004"])
def test_a_debugger_is_held_to_what_its_pod_is_held_to(guarded: Client, control: str) -> None:
    whole = completed(Example("waits", (pod(nodeSelector=NOWHERE),), {}), room(control))
    guarded.create(from_dict(whole))

    attach(guarded, room(control), container(name="careful", resources=None))
    with pytest.raises(ApiError, match=re.escape(RULES[control].message)):
        attach(guarded, room(control), container(name="reckless", resources=None, securityContext=None))


def attach(client: Client, namespace: str, debugger: dict[str, Any]) -> None:
    """Add a container to the pod of a namespace, as `kubectl debug` does."""
    patch = {"spec": {"ephemeralContainers": [debugger]}}
    client.patch(Pod.Ephemeralcontainers, "proof", patch, namespace=namespace)


@pytest.mark.cluster
def test_what_was_let_in_before_a_rule_can_still_be_taken_away(guarded: Client) -> None:
    name, rule = f"{RUN}-before", RULES["POD-004"]
    guarded.create(from_dict({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
    until(lambda: name in admitting(guarded))
    reckless = completed(Example("waits", (pod([container(securityContext=None)], nodeSelector=NOWHERE),), {}), name)
    guarded.create(from_dict(reckless))
    guarded.patch(Namespace, name, {"metadata": {"labels": {MARK: room(rule.control)}}})
    another = reckless | {"metadata": reckless["metadata"] | {"name": "another"}}
    until(lambda: rule.message in said_of(guarded, another))

    guarded.patch(Pod, "proof", {"metadata": {"finalizers": ["falaj.dev/proof"]}}, namespace=name)
    guarded.patch(Pod, "proof", {"metadata": {"finalizers": None}}, namespace=name)
    with pytest.raises(ApiError, match=re.escape(rule.message)):
        guarded.patch(Pod, "proof", {"metadata": {"labels": {"app": "other"}}}, namespace=name)
    guarded.delete(Namespace, name)


@pytest.mark.cluster
@pytest.mark.parametrize(
    "line",
    [
        "tritonserver --model-control-mode --model-control-mode=explicit",
        "tritonserver --log-verbose --model-control-mode none --metrics-port 9002;",
        "sh -c 'exec tritonserver --http-port=\"8002\" --metrics-port=9000'",
        "tritonserver --http-port=8002 --http-port 8000",
        "tritonserver --http-port=$(HTTP_PORT) --metrics-port=$(METRICS_PORT)",
        "tritonserver --model-repository /a://b",
        "tritonserver --model-repository=s3://a/b\n--model-store=as://c://d",
        "server --model-control-modes=poll --http-port 8002",
        "server --model-store  /models --allow-metrics=TRUE --allow-metrics",
        "",
    ],
)
@pytest.mark.parametrize("in_words", [True, False])
def test_a_command_line_is_read_alike(guarded: Client, line: str, *, in_words: bool) -> None:
    (triton,) = named("POD-014")
    asked = Example(line, (deployment([container(args=line.split() if in_words else [line])]),), {})
    outcomes = triton.judge(asked.resources[0], Plan(EXAMPLE_DAY, resources=asked.resources))
    findings = [each for each in outcomes if isinstance(each, Finding)]

    assert (RULES["POD-014"].message in refusals(guarded, RULES["POD-014"], asked)) is bool(findings)


@pytest.mark.cluster
def test_what_no_rule_guards_is_let_in(guarded: Client) -> None:
    whole = completed(Example("elsewhere", (deployment(hostNetwork=True),), {}), "default")

    assert guarded.apply(from_dict(whole), field_manager="proof", force=True, dry_run=True) is not None
