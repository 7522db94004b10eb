"""The agents on a real Kubernetes. Its pods only hold their networks open; the packets are sent from this process."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import psutil
import pytest
from lightkube.codecs import from_dict
from lightkube.resources.core_v1 import Event, Namespace, Pod, Service, ServiceAccount
from lightkube.resources.networking_v1 import NetworkPolicy

from tests.localcluster.policy_agent import sockets
from tests.localcluster.policy_agent.oracle import Manifest, Packet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightkube import Client

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

Result = TypeVar("Result")

PAUSE = "falaj.local/pause:latest"
PORT = 8080
DNS_PORT = 53


def until(happened: Callable[[], Result | None], *, seconds: float = 60) -> Result:
    deadline = time.monotonic() + seconds
    while (found := happened()) is None or found is False:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} seconds: {happened}")
        time.sleep(0.05)
    return found


class Tenants:
    """Two namespaces with their pods on the cluster, and sockets in each pod."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.network = sockets.Network()
        self.ours, self.theirs = (f"walls-{uuid4().hex[:8]}" for _ in range(2))
        for name, team in ((self.ours, "ours"), (self.theirs, "theirs")):
            self.create("v1", "Namespace", {"name": name, "labels": {"team": team}})
        for name in (self.ours, self.theirs):
            until(partial(self._admits_pods, name))

    def remove(self) -> None:
        self.network.close()
        for name in (self.ours, self.theirs):
            self.client.delete(Namespace, name, grace_period=0)

    def create(self, version: str, kind: str, metadata: Manifest, **rest: object) -> None:
        self.client.create(from_dict({"apiVersion": version, "kind": kind, "metadata": metadata, **rest}))

    def add_pod(self, namespace: str, name: str) -> str:
        """Starts a pod and returns its address once it runs."""
        ports = [{"containerPort": PORT, "name": "web"}]
        container = {"name": "main", "image": PAUSE, "imagePullPolicy": "Never", "ports": ports}
        metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
        specification = {
            "containers": [container],
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 0,
        }
        self.create("v1", "Pod", metadata, spec=specification)
        address = until(lambda: self._address(namespace, name))
        process = until(lambda: holder(address))
        self.network.namespaces[address] = sockets.Namespace(Path(f"/proc/{process}/ns/net"))
        self.network.listen(address, "TCP", PORT)
        return address

    def _admits_pods(self, namespace: str) -> bool:
        """Whether the namespace has got the service account without which no pod is let in."""
        accounts = self.client.list(ServiceAccount, namespace=namespace)
        return any(account.metadata is not None and account.metadata.name == "default" for account in accounts)

    def _address(self, namespace: str, name: str) -> str | None:
        status = self.client.get(Pod, name, namespace=namespace).status
        return status.podIP if status is not None and status.phase == "Running" else None

    def policy(self, namespace: str, name: str, **specification: object) -> None:
        self.create(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {"name": name, "namespace": namespace},
            spec={"podSelector": {}} | specification,
        )

    def passes(self, source: str, destination: str) -> bool:
        return bool(self.network.passing([Packet(source, destination, "TCP", PORT)]))


def holder(address: str) -> int | None:
    """The process that holds the pod's network open."""
    for process in psutil.process_iter(["name"]):
        with_addresses = Path(f"/proc/{process.pid}/net/fib_trie")
        with suppress(OSError):  # a pod of another test, which has just ended
            if process.info["name"] == "pause" and f"|-- {address}\n" in with_addresses.read_text():
                return int(process.pid)
    return None


def agent_of(address: str) -> psutil.Process | None:
    """The policy agent that answers for the pod's address."""
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "falaj.localcluster.policy_agent" in command:
            network = IPv4Network(command[command.index("--pod-cidr") + 1])
            if IPv4Address(address) in network:
                return process
    return None


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """Keeps a process from doing anything for a while."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def tenants(kubernetes_client: Client) -> Iterator[Tenants]:
    made = Tenants(kubernetes_client)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def server(tenants: Tenants) -> str:
    return tenants.add_pod(tenants.ours, "server")


@pytest.fixture(scope="module")
def client(tenants: Tenants) -> str:
    return tenants.add_pod(tenants.ours, "client")


@pytest.fixture(scope="module")
def stranger(tenants: Tenants) -> str:
    return tenants.add_pod(tenants.theirs, "client")


@pytest.fixture(autouse=True)
def no_policies(tenants: Tenants, server: str, client: str, stranger: str) -> None:
    for namespace in (tenants.ours, tenants.theirs):
        tenants.client.deletecollection(NetworkPolicy, namespace=namespace)
    until(lambda: tenants.passes(client, server) and tenants.passes(stranger, server))


def test_a_default_deny_shuts_everyone_out_but_the_selected_namespace(
    tenants: Tenants, server: str, client: str, stranger: str
) -> None:
    tenants.policy(tenants.ours, "deny", policyTypes=["Ingress", "Egress"])
    until(lambda: not tenants.passes(stranger, server))
    assert not tenants.passes(client, server)

    peer = {"namespaceSelector": {"matchLabels": {"team": "theirs"}}, "podSelector": {"matchLabels": {"app": "client"}}}
    tenants.policy(
        tenants.ours,
        "allow",
        podSelector={"matchLabels": {"app": "server"}},
        ingress=[{"from": [peer], "ports": [{"port": "web"}]}],
    )

    until(lambda: tenants.passes(stranger, server))
    assert not tenants.passes(client, server)
    assert not tenants.passes(server, stranger)


def test_names_resolve_where_only_dns_is_allowed(tenants: Tenants, server: str, client: str) -> None:
    resolver = next(iter(tenants.client.list(Service, namespace="kube-system", labels={"k8s-app": "kube-dns"})))
    assert resolver.spec is not None
    address = str(resolver.spec.clusterIP)
    until(lambda: resolves(tenants.network, client, address))
    tenants.policy(tenants.ours, "deny", policyTypes=["Ingress", "Egress"])
    until(lambda: not resolves(tenants.network, client, address))

    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }
    tenants.policy(tenants.ours, "dns", egress=[{"to": [peer], "ports": [{"protocol": "UDP", "port": "dns"}]}])

    until(lambda: resolves(tenants.network, client, address))
    assert not tenants.passes(client, server)


def resolves(network: sockets.Network, source: str, resolver: str) -> bool:
    """Whether the resolver answers this pod's question for a name of the cluster without an error."""
    name = b"".join(bytes([len(part)]) + part for part in b"kubernetes.default.svc.cluster.local".split(b".")) + b"\0"
    question = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)
    with network.namespaces[source].socket(socket.SOCK_DGRAM) as asking:
        asking.settimeout(sockets.PATIENCE_SECONDS)
        asking.connect((resolver, DNS_PORT))
        try:
            asking.send(question)
            answer = asking.recv(512)
        except (TimeoutError, ConnectionRefusedError):
            return False
    _, flags, _, answers, _, _ = struct.unpack("!HHHHHH", answer[:12])
    return bool(flags & 0x000F == 0 and answers)


def test_a_pod_that_the_agent_has_not_seen_yet_neither_sends_nor_receives(tenants: Tenants, server: str) -> None:
    with stopped(until(lambda: agent_of(server))):
        late = tenants.add_pod(tenants.theirs, "late")

        assert not tenants.passes(late, server)
        assert not tenants.passes(server, late)

    until(lambda: tenants.passes(late, server) and tenants.passes(server, late))


def test_the_walls_stand_while_the_agent_is_dead_and_after(
    tenants: Tenants, server: str, client: str, stranger: str
) -> None:
    tenants.policy(tenants.ours, "within", ingress=[{"from": [{"podSelector": {}}]}])
    until(lambda: not tenants.passes(stranger, server))
    dead = until(lambda: agent_of(server))
    os.kill(dead.pid, signal.SIGKILL)

    assert not tenants.passes(stranger, server)
    until(lambda: (found := agent_of(server)) is not None and found.pid != dead.pid)
    assert not tenants.passes(stranger, server)
    assert tenants.passes(client, server)

    tenants.policy(tenants.ours, "open", ingress=[{}])
    until(lambda: tenants.passes(stranger, server))


@pytest.mark.usefixtures("server")
def test_a_load_balancer_has_the_nodes_address_and_each_port_once(tenants: Tenants) -> None:
    port = 18443
    for name in ("first", "second"):
        tenants.create(
            "v1",
            "Service",
            {"name": name, "namespace": tenants.ours},
            spec={
                "type": "LoadBalancer",
                "selector": {"app": "server"},
                "ports": [{"port": port, "targetPort": PORT}],
            },
        )
        if name == "first":
            address = until(lambda: given(tenants, "first"))

    until(lambda: answers(address, port))
    refused = until(lambda: refusal(tenants))
    assert refused == (
        "second",
        f"No load balancer address: TCP port {port} of {address} belongs to Service {tenants.ours}/first",
    )
    assert given(tenants, "second") is None

    tenants.client.patch(Service, "first", {"spec": {"type": "ClusterIP"}}, namespace=tenants.ours)
    assert until(lambda: given(tenants, "second")) == address
    until(lambda: given(tenants, "first") is None)


def given(tenants: Tenants, name: str) -> str | None:
    status = tenants.client.get(Service, name, namespace=tenants.ours).status
    ingress = status.loadBalancer.ingress if status is not None and status.loadBalancer is not None else None
    return ingress[0].ip if ingress else None


def refusal(tenants: Tenants) -> tuple[str | None, str | None] | None:
    events = tenants.client.list(Event, namespace=tenants.ours, fields={"reason": "AddressRefused"})
    return next(((event.involvedObject.name, event.message) for event in events), None)


def answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=sockets.PATIENCE_SECONDS).close()
    except OSError:
        return False
    return True
