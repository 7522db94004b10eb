"""Kubernetes' cluster autoscaler in an EKS cluster, with its room, its rights and its edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.autoscaler import pods, rights
from components.autoscaler.flows import ends_of, flows_of
from components.autoscaler.names import AUTOSCALER_END, AUTOSCALER_NAMESPACE, AUTOSCALER_WORKLOAD
from components.labels import Ownership, selector
from components.zero_trust.account import controller_account
from components.zero_trust.edges import edges_of
from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.node_guard import node_guard
from components.zero_trust.restricted import POD_CONTROLS
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.data_flows import DataFlow
from falaj.catalog.tiers import Quota

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.autoscaler.spec import ClusterAutoscalerSpec
    from components.manifests import Manifest
    from components.zero_trust.edges import End

QUOTA = Quota(cpu_requests="1", cpu_limits="4", memory_requests="2Gi", memory_limits="4Gi", pods=4)
NAME = "falaj-cluster-autoscaler"
"""Of what lies in no namespace."""


class ClusterAutoscaler(pulumi.ComponentResource):
    """The one owner of how many machines the pools of an EKS cluster have, between each pool's bounds.

    Makes a walled namespace, two pods of Kubernetes' cluster autoscaler from the environment's own registry, of which
    one leads, on the machines of the system pool, a disruption budget, an account with the rights that this version
    uses, and a policy at the API server that lets it mark nodes for removal and change nothing else of them. It reaches
    the API server, AWS at the network's private endpoints, the node's agent that knows its role, and the resolver.
    Refuses an image without digest, and one whose tag names another Kubernetes minor than the cluster's.

    Source: https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.36.1/cluster-autoscaler/FAQ.md
    """

    namespace: pulumi.Output[str]
    """Its namespace, in which it looks for the order of pools with GPUs."""
    data_flows: tuple[DataFlow, ...]
    """What it asks of the API server and of AWS."""
    controls = ("NET-003", *POD_CONTROLS, "POD-011", "SUP-001", "SUP-002", "TAG-001")
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: ClusterAutoscalerSpec,
        *,
        api_server: End,
        private_endpoints: Sequence[str],
        identity: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = flows_of(spec.region)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__(
            "falaj:index:ClusterAutoscaler", name, {"dataFlows": flows, "controls": list(self.controls)}, opts
        )
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        self._labels = Ownership(spec.owner).labels(AUTOSCALER_WORKLOAD, pods.COMPONENT)

        self.namespace = self._make_room()
        self._metadata: Manifest = {
            "name": AUTOSCALER_WORKLOAD,
            "namespace": self.namespace,
            "labels": self._labels,
        }
        edges = self._make_edges(ends_of(api_server, private_endpoints))
        account = self._make_account()
        guard = self._make_guard()
        self._make_pods(account, after=[edges, guard, identity])
        self.register_outputs({"namespace": self.namespace})

    def _make_room(self) -> pulumi.Output[str]:
        room = WalledNamespace(
            f"{self._name}-room",
            NamespaceSpec(
                name=AUTOSCALER_NAMESPACE,
                owner=self._spec.owner,
                role="platform",
                quota=QUOTA,
                default_resources=self._spec.resources,
            ),
            opts=self._inside,
        )
        return room.namespace

    def _make_edges(self, ends: dict[str, End]) -> pulumi.Resource:
        edges: pulumi.Resource = kubernetes.networking.v1.NetworkPolicy(
            f"{self._name}-edges",
            metadata=self._metadata,
            spec=edges_of(AUTOSCALER_END, self.data_flows, ends),
            opts=self._inside,
        )
        return edges

    def _make_account(self) -> kubernetes.core.v1.ServiceAccount:
        account = controller_account(
            self._name, NAME, rights.CLUSTER_RULES, metadata=self._metadata, labels=self._labels, opts=self._inside
        )
        role = kubernetes.rbac.v1.Role(
            f"{self._name}-room-role", metadata=self._metadata, rules=list(rights.ROOM_RULES), opts=self._inside
        )
        kubernetes.rbac.v1.RoleBinding(
            f"{self._name}-room-binding",
            metadata=self._metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata.name},
            subjects=[
                {"kind": "ServiceAccount", "name": account.metadata.name, "namespace": account.metadata.namespace}
            ],
            opts=self._inside,
        )
        return account

    def _make_guard(self) -> pulumi.Resource:
        return node_guard(f"{self._name}-guard", NAME, rights.guard(), labels=self._labels, opts=self._inside)

    def _make_pods(self, account: kubernetes.core.v1.ServiceAccount, *, after: list[pulumi.Resource]) -> None:
        """Make the pods after their identity: EKS hands a pod its role when it is made, and never later."""
        kubernetes.policy.v1.PodDisruptionBudget(
            f"{self._name}-disruption",
            metadata=self._metadata,
            spec={
                "max_unavailable": 1,
                "selector": {"match_labels": selector(AUTOSCALER_WORKLOAD, pods.COMPONENT)},
            },
            opts=self._inside,
        )
        kubernetes.apps.v1.Deployment(
            f"{self._name}-pods",
            metadata=self._metadata,
            spec=pods.deployment(self._spec, self._labels, account=account.metadata.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
