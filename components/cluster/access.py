"""The way into a cluster that another stack made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.provider import kubernetes_provider

if TYPE_CHECKING:
    from components.cluster.spec import LocalClusterSpec


class ClusterAccess(pulumi.ComponentResource):
    """A Kubernetes provider for a cluster of another stack.

    `kubeconfig` names how to sign in and holds no secret. The identifier is fixed, so that a new kubeconfig of the same
    cluster replaces nothing.
    """

    provider: kubernetes.Provider
    """Deploys to this cluster."""

    def __init__(
        self,
        name: str,
        spec: LocalClusterSpec,
        *,
        kubeconfig: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("falaj:index:ClusterAccess", name, {"dataFlows": [], "controls": []}, opts)
        self.provider = kubernetes_provider(
            name, self, kubeconfig=kubeconfig, context=spec.context, identifier=spec.identifier
        )
        self.register_outputs({"identifier": spec.identifier})
