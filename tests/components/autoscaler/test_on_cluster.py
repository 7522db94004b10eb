"""The cluster autoscaler's objects on a real API server, and its account: what it may do there, and nothing else.

The autoscaler itself is not run: it asks a cloud for machines, and here is none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

import pytest
import yaml
from lightkube import Client, KubeConfig
from lightkube.codecs import from_dict
from lightkube.core.exceptions import ApiError
from lightkube.core.resource import GlobalResource
from lightkube.models.authentication_v1 import TokenRequestSpec
from lightkube.models.authorization_v1 import ResourceAttributes, SubjectAccessReviewSpec
from lightkube.models.core_v1 import NodeSpec, Taint
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.authorization_v1 import SubjectAccessReview
from lightkube.resources.core_v1 import Node, Pod, ServiceAccountToken

from components.autoscaler import rights
from falaj.localcluster import Status
from tests.components.autoscaler.examples import make
from tests.fakes.cluster import cluster_answer
from tests.fakes.monitor import programs

pytestmark = pytest.mark.cluster
NAMESPACE, ACCOUNT = "falaj-autoscaler", "cluster-autoscaler"
GROUPS = ["system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}", "system:authenticated"]
ELSEWHERE = "default"
SECONDS = 60
REFUSAL = "the cluster autoscaler may mark a node for removal and cordon it, and no more"
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
OTHER_KINDS: Final = {
    "": (
        *("bindings", "configmaps", "endpoints", "limitranges", "nodes/proxy", "nodes/status", "podtemplates"),
        *("pods/binding", "pods/ephemeralcontainers", "pods/exec", "pods/log", "pods/portforward", "pods/status"),
        *("resourcequotas", "secrets", "serviceaccounts", "serviceaccounts/token"),
    ),
    "admissionregistration.k8s.io": ("validatingadmissionpolicies", "validatingwebhookconfigurations"),
    "apiextensions.k8s.io": ("customresourcedefinitions",),
    "apps": ("deployments", "deployments/scale", "replicasets/scale", "statefulsets/scale"),
    "authentication.k8s.io": ("tokenreviews",),
    "batch": ("cronjobs", "jobs/status"),
    "certificates.k8s.io": ("certificatesigningrequests",),
    "coordination.k8s.io": ("leases",),
    "networking.k8s.io": ("networkpolicies",),
    "rbac.authorization.k8s.io": ("clusterrolebindings", "clusterroles", "rolebindings", "roles"),
    "scheduling.k8s.io": ("priorityclasses",),
}
"""What it is given nothing of in the whole cluster, by group."""
KINDS = [(group, kind) for group, kinds, _ in rights.CLUSTER_RULES for kind in kinds] + [
    (group, kind) for group, kinds in OTHER_KINDS.items() for kind in kinds
]
RIGHTS = [(group, kind, verb) for (group, kind), verb in product(KINDS, VERBS)]
NAMES = ("cluster-autoscaler", "cluster-autoscaler-status", "cluster-autoscaler-priority-expander", "other")
GIVEN = {(group, kind, verb) for group, kinds, verbs in rights.CLUSTER_RULES for kind in kinds for verb in verbs}
IN_ITS_ROOM = {
    *((group, kind, verb, "") for group, kind, verb in GIVEN),
    ("coordination.k8s.io", "leases", "create", ""),
    *(("coordination.k8s.io", "leases", verb, "cluster-autoscaler") for verb in ("get", "update")),
    *(("", "configmaps", verb, "") for verb in ("create", "list", "watch")),
    *(("", "configmaps", verb, "cluster-autoscaler-status") for verb in ("delete", "get", "update")),
}
"""Group, kind, verb and, where only one object is meant, its name."""


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    """The component's objects, the namespace first."""
    with programs() as run:
        plan = run(make, answer=cluster_answer, preview=False, stack="local")
    found = [
        {"apiVersion": _version(each.type), "kind": each.type.rpartition(":")[2], **each.inputs}
        for each in plan.resources.values()
        if each.type.startswith("kubernetes:")
    ]
    return sorted(found, key=lambda each: each["kind"] != "Namespace")


def _version(token: str) -> str:
    return token.split(":")[1].removeprefix("core/")


@pytest.fixture(scope="module")
def room(objects: list[dict[str, Any]], kubernetes_client: Client) -> Iterator[Client]:
    """A cluster with all of it but the pods, which would ask a cloud for machines."""
    made = [from_dict(each) for each in objects if each["kind"] != "Deployment"]
    for each in made:
        kubernetes_client.apply(each, field_manager="tests", force=True)
    deadline, last = time.monotonic() + SECONDS, ("coordination.k8s.io", "leases", "create")
    while not allowed(kubernetes_client, last, NAMESPACE) and time.monotonic() < deadline:
        pass  # the API server takes roles into use in its own time
    yield kubernetes_client
    for each in reversed(made):
        assert each.metadata is not None
        assert each.metadata.name is not None
        if each.metadata.namespace is None:
            kubernetes_client.delete(cast("type[GlobalResource]", type(each)), each.metadata.name)


@pytest.fixture(scope="module")
def account(room: Client, cluster: Status) -> Iterator[Client]:
    """A client that is the autoscaler to the API server, and nobody else."""
    token = room.create(
        ServiceAccountToken(
            metadata=ObjectMeta(name=ACCOUNT, namespace=NAMESPACE), spec=TokenRequestSpec(audiences=[])
        ),
        ACCOUNT,
        namespace=NAMESPACE,
    )
    assert token.status is not None
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text(encoding="utf-8"))
    for user in config["users"]:
        user["user"] = {"token": token.status.token}
    with closing(Client(config=KubeConfig.from_dict(config), trust_env=False)) as client:
        yield client


@pytest.fixture
def node(room: Client) -> Iterator[str]:
    """A node of a tenant with GPUs, not ready yet."""
    taints = [
        Taint(key="falaj.dev/tenant", value="bank", effect="NoSchedule"),
        Taint(key="falaj.dev/gpu-not-ready", value="true", effect="NoSchedule"),
    ]
    name = f"autoscaled-{uuid4().hex[:8]}"
    metadata = ObjectMeta(name=name, labels={"falaj.dev/pool": "gpu", "falaj.dev/tenant": "bank"})
    room.create(Node(metadata=metadata, spec=NodeSpec(taints=taints)))
    yield name
    room.delete(Node, name)


def test_the_api_server_takes_its_pods_into_their_room(room: Client, objects: list[dict[str, Any]]) -> None:
    (deployment,) = [each for each in objects if each["kind"] == "Deployment"]
    template = deployment["spec"]["template"]
    metadata = {"name": "proof", "namespace": NAMESPACE, **template["metadata"]}

    room.apply(from_dict(deployment), field_manager="tests", dry_run=True)
    pod = room.create(
        cast("Pod", from_dict({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})),
        dry_run=True,
    )

    assert pod.spec is not None
    assert pod.spec.priority == 2_000_000_000
    assert pod.spec.serviceAccountName == ACCOUNT


def allowed(client: Client, right: tuple[str, str, str], namespace: str, name: str = "") -> bool:
    group, kind, verb = right
    resource, _, part = kind.partition("/")
    asked = ResourceAttributes(
        group=group, resource=resource, subresource=part, verb=verb, namespace=namespace, name=name
    )
    review = client.create(
        SubjectAccessReview(spec=SubjectAccessReviewSpec(user=rights.ACCOUNT, groups=GROUPS, resourceAttributes=asked))
    )
    assert review.status is not None
    return review.status.allowed


def test_elsewhere_it_may_do_what_its_role_says_and_nothing_else(room: Client) -> None:
    assert {right for right in RIGHTS if allowed(room, right, ELSEWHERE)} == GIVEN


def test_in_its_own_room_it_may_lead_and_say_how_it_is_as_well(room: Client) -> None:
    found = set()
    for right in RIGHTS:
        if allowed(room, right, NAMESPACE):
            found.add((*right, ""))
        else:
            found |= {(*right, name) for name in NAMES if allowed(room, right, NAMESPACE, name)}

    assert found == IN_ITS_ROOM


def change(client: Client, name: str, edit: Callable[[Node], None]) -> str:
    """What the API server says to a change of a node; nothing where it is made."""
    node = client.get(Node, name)
    edit(node)
    try:
        client.replace(node)
    except ApiError as error:
        return str(error)
    return ""


def spec_of(node: Node) -> NodeSpec:
    assert node.spec is not None
    return node.spec


def labelled(node: Node) -> None:
    assert node.metadata is not None
    node.metadata.labels = {**(node.metadata.labels or {}), "falaj.dev/tenant": uuid4().hex[:8]}


def annotated(node: Node) -> None:
    assert node.metadata is not None
    node.metadata.annotations = {**(node.metadata.annotations or {}), "proof": "1"}


def opened(node: Node) -> None:
    spec_of(node).taints = [taint for taint in spec_of(node).taints or [] if taint.key != "falaj.dev/gpu-not-ready"]


def handed_over(node: Node) -> None:
    for taint in spec_of(node).taints or []:
        taint.value = "shop"


def closed(node: Node) -> None:
    spec_of(node).taints = [*(spec_of(node).taints or []), Taint(key="mine", effect="NoExecute")]


def marked(node: Node) -> None:
    own = [Taint(key=key, value="1", effect="NoSchedule") for key in rights.TAINTS]
    spec_of(node).taints = [*(spec_of(node).taints or []), *own]
    spec_of(node).unschedulable = True


def released(node: Node) -> None:
    spec_of(node).taints = [taint for taint in spec_of(node).taints or [] if taint.key not in rights.TAINTS]
    spec_of(node).unschedulable = False


def test_it_marks_a_node_for_removal_and_takes_that_back_and_changes_nothing_else(account: Client, node: str) -> None:
    deadline = time.monotonic() + SECONDS
    while REFUSAL not in change(account, node, labelled) and time.monotonic() < deadline:
        pass  # the API server takes a policy into use in its own time

    for edit in (labelled, annotated, opened, handed_over, closed):
        assert REFUSAL in change(account, node, edit), edit.__name__
    assert change(account, node, marked) == ""
    assert {taint.key for taint in spec_of(account.get(Node, node)).taints or []} >= {*rights.TAINTS}
    assert change(account, node, released) == ""
    assert spec_of(account.get(Node, node)).unschedulable is None
