"""Who is who in a cluster: each component's certificate, the kubeconfigs, and the key that encrypts Secrets at rest."""

from __future__ import annotations

import base64
import secrets
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from falaj.localcluster.certificates import Authority, KeyPair, ensure_signing_key, write_secret
from falaj.localcluster.nodes import Node, first_node
from falaj.localcluster.places import Places
from falaj.localcluster.subnets import API_PORT, CLUSTER_DOMAIN, Subnets

LOOPBACK = IPv4Address("127.0.0.1")
ENCRYPTION_KEY_BYTES = 32

AGENTS = {
    "controller-manager": "system:kube-controller-manager",
    "scheduler": "system:kube-scheduler",
    "kube-proxy": "system:kube-proxy",
    "policy-agent": "falaj:policy-agent",
    "load-balancer": "falaj:load-balancer",
}
"""Components that are clients of the API server alone, and the user each is; RBAC says what each may do."""

KUBELET_CLIENT = "falaj:kubelet-client"
"""The user that the API server is towards the kubelet."""


def issue(places: Places, subnets: Subnets) -> None:
    """Write every key, certificate and kubeconfig; the authorities, the token key and the encryption key are kept."""
    places.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Authorities of their own: a cluster certificate opens neither the database nor the aggregation layer.
    cluster, etcd, front_proxy = (Authority(places.keys, f"{name}-ca") for name in ("cluster", "etcd", "front-proxy"))
    for authority in (cluster, etcd, front_proxy):
        authority.ensure()
    ensure_signing_key(places.keys, "service-accounts")
    _ensure_encryption_configuration(places.configuration / "encryption.yaml")
    cluster.issue(
        "api-server",
        "kube-apiserver",
        dns_names=(
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            f"kubernetes.default.svc.{CLUSTER_DOMAIN}",
        ),
        addresses=(subnets.node_address, subnets.api_service_address, LOOPBACK),
    )
    cluster.issue("kubelet-client", KUBELET_CLIENT)
    front_proxy.issue("front-proxy-client", "front-proxy-client")
    etcd.issue("etcd-server", "etcd", dns_names=("localhost",), addresses=(LOOPBACK,))
    etcd.issue("etcd-client", "kube-apiserver")
    issue_kubelet(first_node(places, subnets), subnets)
    for name, user in AGENTS.items():
        _write_kubeconfig(places, subnets, cluster.issue(name, user), places.agent_kubeconfig(name))
    administrator = cluster.issue("administrator", "administrator", organizations=("system:masters",))
    _write_kubeconfig(places, subnets, administrator, places.kubeconfig)


def issue_kubelet(node: Node, subnets: Subnets) -> None:
    """Write the key, certificate and kubeconfig of one node's kubelet, by the authority that the cluster has."""
    authority = Authority(node.places.keys, "cluster-ca")
    pair = authority.issue(
        _kubelet_name(node),
        f"system:node:{node.name}",
        organizations=("system:nodes",),
        dns_names=(node.name,),
        addresses=(node.address,),
    )
    _write_kubeconfig(node.places, subnets, pair, node.places.configuration / "kubelet.kubeconfig")


def kubelet_keys(node: Node) -> KeyPair:
    """Where ``issue_kubelet`` puts its certificate and key."""
    return Authority(node.places.keys, _kubelet_name(node)).files


def _kubelet_name(node: Node) -> str:
    return f"{node.places.part or 'first-node'}-kubelet"


def _write_kubeconfig(places: Places, subnets: Subnets, pair: KeyPair, path: Path) -> None:
    authority = Authority(places.keys, "cluster-ca").files.certificate
    cluster = {
        "server": f"https://{subnets.node_address}:{API_PORT}",
        "certificate-authority-data": _encoded(authority),
    }
    user = {"client-certificate-data": _encoded(pair.certificate), "client-key-data": _encoded(pair.key)}
    name = places.name
    kubeconfig: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    write_secret(path, yaml.safe_dump(kubeconfig, sort_keys=False).encode())


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _ensure_encryption_configuration(path: Path) -> None:
    if path.exists():
        return
    key = base64.b64encode(secrets.token_bytes(ENCRYPTION_KEY_BYTES)).decode()
    configuration = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [{"secretbox": {"keys": [{"name": "first", "secret": key}]}}, {"identity": {}}],
            }
        ],
    }
    write_secret(path, yaml.safe_dump(configuration).encode())
