"""The walls around a namespace, in terms every Kubernetes enforces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import ROLE, Ownership

if TYPE_CHECKING:
    from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict

    from components.zero_trust.spec import NamespaceSpec

CLUSTER_DNS: NetworkPolicyPeerArgsDict = {
    "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}},
    "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}},
}
DNS_PORTS = (53, 5353)


class WalledNamespace(pulumi.ComponentResource):
    """A namespace that nothing enters and nothing leaves until a data flow says so.

    Makes a Namespace under the `restricted` Pod Security Standard, a NetworkPolicy that denies both directions but
    DNS to the cluster's own resolver, a ResourceQuota of the given size that refuses NodePorts, and a LimitRange so
    that no container runs without limits. Refuses to be opened: edges come with the workload that declares them.

    Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """

    namespace: pulumi.Output[str]
    """Its name in the cluster; who uses it is made after it."""
    controls = ("NET-003", "POD-009", "TAG-001")
    """Controls it supports."""

    def __init__(self, name: str, spec: NamespaceSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("falaj:index:WalledNamespace", name, {"dataFlows": [], "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._labels = Ownership(spec.owner, spec.tenant, spec.tier).labels(spec.name, "namespace")

        namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace",
            metadata={
                "name": spec.name,
                "labels": {
                    **self._labels,
                    ROLE: spec.role,
                    "pod-security.kubernetes.io/enforce": "restricted",
                    "pod-security.kubernetes.io/enforce-version": "latest",
                },
            },
            opts=self._inside,
        )
        # Its name is settled, also in the preview of a cluster that does not exist; who uses it still waits for it.
        self.namespace = namespace.urn.apply(lambda _: spec.name)
        self._make_default_deny()
        self._make_quota()
        self._make_limits()
        self.register_outputs({"namespace": self.namespace})

    def _make_default_deny(self) -> None:
        kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-default-deny",
            metadata={"name": "default-deny", "namespace": self.namespace, "labels": self._labels},
            spec={
                "pod_selector": {},
                "policy_types": ["Ingress", "Egress"],
                "egress": [
                    {
                        "to": [CLUSTER_DNS],
                        "ports": [
                            {"protocol": protocol, "port": port} for port in DNS_PORTS for protocol in ("UDP", "TCP")
                        ],
                    }
                ],
            },
            opts=self._inside,
        )

    def _make_quota(self) -> None:
        quota = self._spec.quota
        kubernetes.core.v1.ResourceQuota(
            f"{self._name}-quota",
            metadata={"name": "quota", "namespace": self.namespace, "labels": self._labels},
            spec={
                "hard": {
                    "requests.cpu": quota.cpu_requests,
                    "limits.cpu": quota.cpu_limits,
                    "requests.memory": quota.memory_requests,
                    "limits.memory": quota.memory_limits,
                    "pods": str(quota.pods),
                    "persistentvolumeclaims": "0",
                    "services.loadbalancers": str(self._spec.load_balancers),
                    "services.nodeports": str(self._spec.node_ports),
                    **{f"requests.{name}": str(most) for name, most in self._spec.gpus.items()},
                }
            },
            opts=self._inside,
        )

    def _make_limits(self) -> None:
        resources = self._spec.default_resources
        kubernetes.core.v1.LimitRange(
            f"{self._name}-limits",
            metadata={"name": "limits", "namespace": self.namespace, "labels": self._labels},
            spec={
                "limits": [
                    {
                        "type": "Container",
                        "default": {"cpu": resources.cpu_limit, "memory": resources.memory_limit},
                        "default_request": {"cpu": resources.cpu_request, "memory": resources.memory_request},
                    }
                ]
            },
            opts=self._inside,
        )
