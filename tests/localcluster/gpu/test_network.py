"""Pods on both nodes reach each other as far as network policies let them, whichever node the other is on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from lightkube import Client
from lightkube.resources.core_v1 import Service

from falaj.localcluster import Status, images
from tests.localcluster.gpu.workloads import (
    NAME,
    NODE,
    POOL,
    Tenant,
    address_of,
    node_of,
    process_of,
    specification,
    until,
)
from tests.localcluster.policy_agent.oracle import Packet
from tests.localcluster.policy_agent.sockets import PATIENCE_SECONDS, Namespace, Network
from tests.localcluster.policy_agent.test_on_cluster import resolves

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

PORT = 8080


class Ends:
    """A pod on each node, with sockets in it, and the gateway of the first node to both."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.network = Network()
        self.on_first = self._add("on-first", NAME)
        self.on_gpu = self._add("on-gpu", NODE)

    def _add(self, name: str, node: str) -> str:
        pod = self.tenant.run(name, nodeSelector={"kubernetes.io/hostname": node})
        assert node_of(pod) == node
        address = address_of(pod)
        self.network.namespaces[address] = Namespace(process_of(pod) / "ns" / "net")
        self.network.listen(address, "TCP", PORT)
        return address

    def passes(self, source: str, destination: str) -> bool:
        return bool(self.network.passing([Packet(source, destination, "TCP", PORT)]))

    def passing(self) -> tuple[bool, bool]:
        """To the node with GPUs, and from it."""
        return self.passes(self.on_first, self.on_gpu), self.passes(self.on_gpu, self.on_first)

    def policy(self, name: str, **spec: object) -> None:
        self.tenant.make("networking.k8s.io/v1", "NetworkPolicy", name, **({"podSelector": {}} | spec))


@pytest.fixture
def ends(tenant: Tenant) -> Iterator[Ends]:
    made = Ends(tenant)
    until(lambda: made.passing() == (True, True))
    yield made
    made.network.close()


def selecting(pod: str) -> dict[str, object]:
    return {"matchLabels": {"app": pod}}


def test_what_may_enter_is_decided_where_the_pod_is(ends: Ends) -> None:
    ends.policy("deny", podSelector=selecting("on-gpu"), policyTypes=["Ingress"])
    until(lambda: ends.passing() == (False, True))

    peer = {"podSelector": selecting("on-first")}
    ends.policy("allow", podSelector=selecting("on-gpu"), ingress=[{"from": [peer], "ports": [{"port": PORT}]}])

    until(lambda: ends.passing() == (True, True))


def test_what_may_leave_is_decided_where_the_pod_is(ends: Ends) -> None:
    ends.policy("deny", podSelector=selecting("on-gpu"), policyTypes=["Egress"])
    until(lambda: ends.passing() == (True, False))

    peer = {"podSelector": selecting("on-first")}
    ends.policy("allow", podSelector=selecting("on-gpu"), policyTypes=["Egress"], egress=[{"to": [peer]}])

    until(lambda: ends.passing() == (True, True))


def test_names_resolve_on_the_node_with_gpus_where_only_dns_is_allowed(ends: Ends, client: Client) -> None:
    service = client.get(Service, "kube-dns", namespace="kube-system")
    assert service.spec is not None
    resolver = str(service.spec.clusterIP)
    until(lambda: resolves(ends.network, ends.on_gpu, resolver))
    ends.policy("deny", policyTypes=["Ingress", "Egress"])
    until(lambda: not resolves(ends.network, ends.on_gpu, resolver))

    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    ends.policy("dns", egress=[{"to": [peer], "ports": [{"protocol": "UDP", "port": "dns"}]}])

    until(lambda: resolves(ends.network, ends.on_gpu, resolver))
    assert ends.passing() == (False, False)


def test_a_load_balancer_on_the_first_node_reaches_pods_on_the_other(ends: Ends, gpu_cluster: Status) -> None:
    port = 18444
    ends.tenant.make(
        "v1",
        "Service",
        "model",
        type="LoadBalancer",
        selector={"app": "on-gpu"},
        ports=[{"port": port, "targetPort": PORT}],
    )

    until(lambda: connects(gpu_cluster.node_address, port))


def connects(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=PATIENCE_SECONDS).close()
    except OSError:
        return False
    return True


def test_the_log_of_a_pod_on_the_node_with_gpus_can_be_read(tenant: Tenant) -> None:
    tenant.run("quiet", nodeSelector=POOL)

    assert list(tenant.client.log("quiet", namespace=tenant.name)) == []


def test_an_image_is_loaded_into_both_nodes_once(tenant: Tenant, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "image.toml").write_text('name = "falaj.local/test-gpu-data"\ninputs = ["greeting"]\n')
    (folder / "Containerfile").write_text("FROM scratch\nCOPY greeting /greeting\n")
    (folder / "greeting").write_text(f"peace, {tenant.name}\n")
    lock = images.build([folder], tmp_path / "images.json")

    assert images.load(NAME, lock) == ["falaj.local/test-gpu-data"]

    reference = lock.reference("falaj.local/test-gpu-data")
    for name, selector in (("first", {}), ("gpu", POOL)):
        spec = specification(None)
        volume = {"name": "data", "image": {"reference": reference, "pullPolicy": "Never"}}
        spec["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        pod = tenant.run(name, containers=spec["containers"], volumes=[volume], nodeSelector=selector)
        assert (process_of(pod) / "root" / "data" / "greeting").read_text() == f"peace, {tenant.name}\n"
    assert images.load(NAME, lock) == []
