"""What would run inside a cloud's cluster, sent to a real API server as a server-side dry run.

The objects are those of the golden plans. Names that are known only once something is made are stood in for; all else
is judged as it stands: fields, formats, admission, the `restricted` pod standard, quotas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from lightkube import Client
from lightkube.codecs import from_dict
from lightkube.core.exceptions import ApiError
from lightkube.generic_resource import load_in_cluster_generic_resources
from lightkube.resources.core_v1 import Namespace

from falaj.plan.model import UNKNOWN
from tests.end_to_end.conftest import ROOT, Workspace

pytestmark = pytest.mark.cluster
PLANS = ROOT / "tests" / "golden" / "plans"
CLOUDS = sorted(file.stem for file in PLANS.glob("a*.json"))
DEFINITION = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
GPU_ROOM = "gpu-operator"
FURTHER_ROOMS = {GPU_ROOM: "azure-uaenorth-prod", "falaj-autoscaler": "aws-me-central-1-prod"}
"""Namespaces that `local` does not have and several stacks do, each with one of those."""
RELEASE = "kubernetes:helm.sh/v3:Release"
"""What Helm makes of a chart; no object of a cluster."""
HOST = re.compile(r"hostname|dnsNames")
REGISTRY = re.compile(r"^[a-z0-9]+\.azurecr\.io/")
"""A registry that only the door of its own environment knows; here one inside the cluster stands for it."""


def made_known(value: Any, own: str, key: str = "") -> Any:  # noqa: ANN401 - a JSON value
    """The same value, with the object's own name for one not known yet: what belongs together is called alike."""
    if isinstance(value, dict):
        return {name: made_known(inner, own, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [made_known(inner, own, key) for inner in value]
    if isinstance(value, str) and key in {"image", "reference"}:
        return REGISTRY.sub("registry.falaj.svc/", value)
    if isinstance(value, str) and UNKNOWN in value:
        return value.replace(UNKNOWN, f"{own}.falaj.internal" if HOST.search(key) else own)
    return value


def objects(stack: str) -> list[dict[str, Any]]:
    """The Kubernetes objects of a stack's plan, namespaces first.

    Definitions stand in a golden plan as digests; `local` has just made the same ones here.
    """
    plan = json.loads((PLANS / f"{stack}.json").read_text(encoding="utf-8"))
    found = [
        made_known(each["inputs"], each["inputs"]["metadata"]["name"])
        for each in plan
        if each["type"].startswith("kubernetes:") and not each.get("read") and each["type"] not in (DEFINITION, RELEASE)
    ]
    # The door of `local` trusts no namespace with the powers of a node; those of environments with GPUs trust this one.
    found = [each for each in found if (each["kind"], each["metadata"].get("namespace")) != ("DaemonSet", GPU_ROOM)]
    for each in found:
        # The quota that holds the gateway's namespace here is that of `local`, which needs no ports on its node.
        if each["kind"] == "Service" and each["spec"].get("allocateLoadBalancerNodePorts"):
            each["metadata"]["namespace"] = "default"
    return sorted(found, key=lambda each: each["kind"] != "Namespace")


@pytest.fixture(scope="module")
def client(environment: Workspace, kubernetes_client: Client) -> Client:
    """Talks to the cluster on which `local` is deployed: its definitions are those of every environment."""
    assert environment.kubeconfig.is_file()
    load_in_cluster_generic_resources(kubernetes_client)
    return kubernetes_client


@pytest.fixture(scope="module")
def further_rooms(client: Client) -> Iterator[None]:
    """The namespaces of what `local` has none of."""
    for name, stack in FURTHER_ROOMS.items():
        (room,) = [each for each in objects(stack) if each["kind"] == "Namespace" and each["metadata"]["name"] == name]
        client.create(from_dict(room))
    yield
    for name in FURTHER_ROOMS:
        client.delete(Namespace, name)


@pytest.fixture
def rooms(client: Client, further_rooms: None, stack: str) -> Iterator[list[dict[str, Any]]]:
    """The objects of a stack, once the namespaces they lie in exist; those made here go again."""
    del further_rooms
    found = objects(stack)
    made = []
    for each in found:
        if each["kind"] == "Namespace" and each["metadata"]["name"].startswith("tenant-"):
            client.create(from_dict(each))
            made.append(each["metadata"]["name"])
    yield found
    for name in made:
        client.delete(Namespace, name)


@pytest.mark.parametrize("stack", CLOUDS)
def test_a_real_api_server_takes_every_object_of_a_cloud_stack(
    client: Client, rooms: list[dict[str, Any]], stack: str
) -> None:
    assert len(rooms) > (20 if stack.count("-") > 1 else 8)
    refused = []
    for each in rooms:
        try:
            client.apply(from_dict(each), field_manager="falaj-dry-run", force=True, dry_run=True)
        except ApiError as error:
            refused.append(f"{each['kind']} {each['metadata']['name']}: {error}")
    assert refused == []
