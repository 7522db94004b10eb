"""What a cluster is made of: each component's command line, what it waits for and how it shows that it serves."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from falaj.localcluster import api
from falaj.localcluster.nodes import Node, first_node
from falaj.localcluster.places import Places
from falaj.localcluster.subnets import API_PORT, CLUSTER_DOMAIN, Subnets

ETCD_PORT = 2379
ETCD_PEER_PORT = 2380
PROBE_SECONDS = 1.0
POLICY_TABLE = "falaj-policy"
"""Which the policy agent makes first of all."""


@dataclass(frozen=True)
class Component:
    """A process that the supervisor keeps alive."""

    name: str
    """What status and log files call it."""

    command: tuple[str, ...]
    """Program and arguments."""

    after: tuple[str, ...] = ()
    """Components that have to serve before it is started for the first time."""

    serves: Callable[[], bool] = lambda: True
    """Whether it does its work now; asked only until the first yes."""

    settings: str = ""
    """What it reads from a file of its own: where that changes, it is another component."""


def table(places: Places, subnets: Subnets, binaries: Path) -> tuple[Component, ...]:
    """Every component, in an order in which each comes after what it needs."""
    node = first_node(places, subnets)
    return (
        _etcd(places),
        containerd(node, binaries),
        policy_agent(node, subnets),
        _api_server(places, subnets, binaries),
        _controller_manager(places, binaries),
        _scheduler(places, binaries),
        kube_proxy(node, binaries, ("api-server",)),
        _load_balancer(places, subnets),
        kubelet(node, binaries, ("api-server", "containerd", "policy-agent")),
    )


def fingerprint(table: tuple[Component, ...]) -> str:
    """A hash that changes with any command line or setting: a supervisor that runs others has to be replaced."""
    content = [[component.command, component.settings] for component in table]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def command(program: Path | str, **flags: object) -> tuple[str, ...]:
    """A command line of long flags."""
    return (str(program), *(f"--{name.replace('_', '-')}={value}" for name, value in flags.items()))


def _etcd(places: Places) -> Component:
    keys = places.keys
    address = f"https://127.0.0.1:{ETCD_PORT}"
    peer = f"https://127.0.0.1:{ETCD_PEER_PORT}"
    words = command(
        "etcd",
        name=places.name,
        data_dir=places.data / "etcd",
        listen_client_urls=address,
        advertise_client_urls=address,
        listen_peer_urls=peer,
        initial_advertise_peer_urls=peer,
        initial_cluster=f"{places.name}={peer}",
        peer_client_cert_auth="true",
        peer_trusted_ca_file=keys / "etcd-ca.crt",
        peer_cert_file=keys / "etcd-server.crt",
        peer_key_file=keys / "etcd-server.key",
        client_cert_auth="true",
        trusted_ca_file=keys / "etcd-ca.crt",
        cert_file=keys / "etcd-server.crt",
        key_file=keys / "etcd-server.key",
        log_level="warn",
        logger="zap",
        # A cluster for one machine's use trades what a power cut may lose for a start in seconds.
        unsafe_no_fsync="true",
    )
    return Component("etcd", words, serves=lambda: _accepts(("127.0.0.1", ETCD_PORT)))


def containerd(node: Node, binaries: Path) -> Component:
    """What runs the node's containers."""
    places = node.places
    words = (str(binaries / "containerd"), "--config", str(places.configuration / "containerd.toml"))
    return Component("containerd", words, serves=lambda: _accepts(str(places.containerd_socket)))


def _api_server(places: Places, subnets: Subnets, binaries: Path) -> Component:
    keys = places.keys
    words = command(
        binaries / "kube-apiserver",
        etcd_servers=f"https://127.0.0.1:{ETCD_PORT}",
        etcd_cafile=keys / "etcd-ca.crt",
        etcd_certfile=keys / "etcd-client.crt",
        etcd_keyfile=keys / "etcd-client.key",
        encryption_provider_config=places.configuration / "encryption.yaml",
        advertise_address=subnets.node_address,
        bind_address=subnets.node_address,
        secure_port=API_PORT,
        service_cluster_ip_range=subnets.services,
        tls_cert_file=keys / "api-server.crt",
        tls_private_key_file=keys / "api-server.key",
        tls_min_version="VersionTLS12",
        client_ca_file=keys / "cluster-ca.crt",
        anonymous_auth="false",
        authorization_mode="Node,RBAC",
        enable_admission_plugins="NodeRestriction",
        allow_privileged="true",
        profiling="false",
        kubelet_certificate_authority=keys / "cluster-ca.crt",
        kubelet_client_certificate=keys / "kubelet-client.crt",
        kubelet_client_key=keys / "kubelet-client.key",
        kubelet_preferred_address_types="InternalIP",
        service_account_issuer=f"https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
        service_account_key_file=keys / "service-accounts.pub",
        service_account_signing_key_file=keys / "service-accounts.key",
        requestheader_client_ca_file=keys / "front-proxy-ca.crt",
        requestheader_allowed_names="front-proxy-client",
        requestheader_username_headers="X-Remote-User",
        requestheader_group_headers="X-Remote-Group",
        requestheader_extra_headers_prefix="X-Remote-Extra-",
        proxy_client_cert_file=keys / "front-proxy-client.crt",
        proxy_client_key_file=keys / "front-proxy-client.key",
    )
    return Component("api-server", words, ("etcd",), lambda: api.get(places, subnets, "/readyz") is not None)


def _controller_manager(places: Places, binaries: Path) -> Component:
    words = command(
        binaries / "kube-controller-manager",
        kubeconfig=places.agent_kubeconfig("controller-manager"),
        bind_address="127.0.0.1",
        use_service_account_credentials="true",
        service_account_private_key_file=places.keys / "service-accounts.key",
        root_ca_file=places.keys / "cluster-ca.crt",
        cluster_signing_cert_file=places.keys / "cluster-ca.crt",
        cluster_signing_key_file=places.keys / "cluster-ca.key",
        # Which addresses a node's pods have is settled before the node is there.
        allocate_node_cidrs="false",
        # Whoever tries an autoscaler here sits and watches: a step takes seconds, not a quarter of a minute.
        horizontal_pod_autoscaler_sync_period="3s",
        leader_elect="false",
        profiling="false",
    )
    return Component("controller-manager", words, ("api-server",))


def _scheduler(places: Places, binaries: Path) -> Component:
    words = command(
        binaries / "kube-scheduler",
        kubeconfig=places.agent_kubeconfig("scheduler"),
        bind_address="127.0.0.1",
        leader_elect="false",
        profiling="false",
    )
    return Component("scheduler", words, ("api-server",))


def kube_proxy(node: Node, binaries: Path, after: tuple[str, ...] = ()) -> Component:
    """What makes Services reachable from the node and its pods."""
    words = command(binaries / "kube-proxy", config=node.places.configuration / "kube-proxy.yaml")
    return Component("kube-proxy", words, after)


def policy_agent(node: Node, subnets: Subnets) -> Component:
    """What enforces network policies on the node's pods.

    It waits for the API server by itself, and until then keeps every pod closed.
    """
    words = (
        *(sys.executable, "-m", "falaj.localcluster.policy_agent"),
        *("--kubeconfig", str(node.places.agent_kubeconfig("policy-agent"))),
        *("--pod-cidr", str(node.pods)),
        *("--cluster-cidr", str(subnets.pods)),
    )
    return Component("policy-agent", words, serves=_policies_are_enforced)


def _load_balancer(places: Places, subnets: Subnets) -> Component:
    words = (
        *(sys.executable, "-m", "falaj.localcluster.load_balancer"),
        *("--kubeconfig", str(places.agent_kubeconfig("load-balancer"))),
        *("--address", str(subnets.node_address)),
    )
    return Component("load-balancer", words, ("api-server",))


def kubelet(node: Node, binaries: Path, after: tuple[str, ...], labels: Mapping[str, str] | None = None) -> Component:
    """What makes it a node; the labels are those it has from its first moment."""
    words = command(
        binaries / "kubelet",
        config=node.places.configuration / "kubelet.yaml",
        kubeconfig=node.places.configuration / "kubelet.kubeconfig",
        hostname_override=node.name,
        node_ip=node.address,
        **({"node_labels": ",".join(f"{key}={value}" for key, value in labels.items())} if labels else {}),
    )
    return Component("kubelet", words, after)


def _policies_are_enforced() -> bool:
    """Whether the agent's rules are in force in the network namespace this process is in."""
    asked = subprocess.run(["nft", "list", "table", "inet", POLICY_TABLE], capture_output=True, check=False)
    return asked.returncode == 0


def _accepts(address: str | tuple[str, int]) -> bool:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(PROBE_SECONDS)
        return probe.connect_ex(address) == 0
