"""The start-up taint where a cloud can't give one: as it is made, and as a real API server applies it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from lightkube import Client
from lightkube.generic_resource import create_global_resource
from lightkube.models.core_v1 import NodeSpec, Taint
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Node

from components.node_pools.kubernetes import StartupTaint, policy_spec
from components.node_pools.spec import StartupTaintSpec
from tests.components.conftest import Run
from tests.fakes.golden import assert_golden

Mark = tuple[str, str]
MARK = ("falaj.dev/gpu-not-ready", "true")
OTHER = ("nvidia.com/gpu", "present")
PREFIX = f"proof-{uuid4().hex[:8]}"


def test_its_plan_equals_the_snapshot(run: Run) -> None:
    def program() -> None:
        StartupTaint("startup-taint", StartupTaintSpec(owner="platform"))

    assert_golden("startup_taint", run(program, preview=True))


def test_a_node_that_can_not_be_marked_does_not_register() -> None:
    assert policy_spec()["failure_policy"] == "Fail"


GROUP, VERSION = "admissionregistration.k8s.io", "v1"
POLICY = create_global_resource(GROUP, VERSION, "MutatingAdmissionPolicy", "mutatingadmissionpolicies")
BINDING = create_global_resource(GROUP, VERSION, "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings")


@pytest.fixture
def guarded(kubernetes_client: Client) -> Iterator[Client]:
    """A client of a cluster that has the policy, under a name of this run's."""
    metadata = ObjectMeta(name=PREFIX)
    kubernetes_client.create(POLICY(metadata=metadata, spec=in_camel_case(policy_spec())))
    kubernetes_client.create(BINDING(metadata=metadata, spec={"policyName": PREFIX}))
    yield kubernetes_client
    kubernetes_client.delete(BINDING, PREFIX)
    kubernetes_client.delete(POLICY, PREFIX)


def in_camel_case(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [in_camel_case(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {_camel(key): in_camel_case(each) for key, each in value.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.title() for each in rest)


def registered(client: Client, pool: str, *taints: Mark) -> list[Mark]:
    """The taints that a node has right after it registered with these; it is gone again afterwards."""
    name = f"{PREFIX}-{uuid4().hex[:6]}"
    metadata = ObjectMeta(name=name, labels={"falaj.dev/pool": pool} if pool else None)
    asked = [Taint(key=key, value=value, effect="NoSchedule") for key, value in taints]
    node = client.create(Node(metadata=metadata, spec=NodeSpec(taints=asked or None)))
    client.delete(Node, name)
    assert node.spec is not None
    found = [each for each in node.spec.taints or [] if not each.key.startswith("node.kubernetes.io/")]
    assert {each.effect for each in found} <= {"NoSchedule"}
    return [(each.key, each.value or "") for each in found]


@pytest.mark.cluster
def test_a_real_api_server_marks_new_nodes_with_gpus_and_no_others(guarded: Client) -> None:
    deadline = time.monotonic() + 60
    while not registered(guarded, "gpu") and time.monotonic() < deadline:
        """The API server takes a policy into use in its own time."""

    assert registered(guarded, "gpu") == [MARK]
    assert registered(guarded, "gpu", OTHER) == [OTHER, MARK]
    assert registered(guarded, "gpu", MARK) == [MARK]
    assert registered(guarded, "cpu", OTHER) == [OTHER]
    assert registered(guarded, "") == []
