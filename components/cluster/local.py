"""A Kubernetes that already runs, as the place to deploy to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.cluster.provider import kubernetes_provider
from components.zero_trust.edges import End

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulumi_kubernetes.discovery.v1.outputs import Endpoint, EndpointPort
    from pulumi_kubernetes.networking.v1 import NetworkPolicyPeerArgsDict

    from components.cluster.spec import LocalClusterSpec

HTTPS_PORT = 443
"""Where an API server listens whose endpoint names no port."""


class LocalCluster(pulumi.ComponentResource):
    """A cluster given by its kubeconfig: the provider to deploy through and the way to its API server.

    Makes a Kubernetes provider and reads where the API server listens. `kubeconfig` is the path of a file, never its
    content: the client key stays out of the state.
    """

    provider: kubernetes.Provider
    """Deploys to this cluster."""
    api_server: End
    """The API server as network policies see it: behind its Service, at the addresses of its endpoints."""

    def __init__(
        self,
        name: str,
        spec: LocalClusterSpec,
        *,
        kubeconfig: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("falaj:index:LocalCluster", name, {"dataFlows": [], "controls": []}, opts)

        self.provider = kubernetes_provider(
            name, self, kubeconfig=kubeconfig, context=spec.context, identifier=spec.identifier
        )
        endpoints = kubernetes.discovery.v1.EndpointSlice.get(
            f"{name}-api-server",
            "default/kubernetes",
            opts=pulumi.ResourceOptions(parent=self, provider=self.provider),
        )
        self.api_server = End(peers=endpoints.endpoints.apply(_addresses), port=endpoints.ports.apply(_port))
        self.register_outputs({"context": spec.context, "identifier": spec.identifier})


def _addresses(endpoints: Sequence[Endpoint]) -> Sequence[pulumi.Input[NetworkPolicyPeerArgsDict]]:
    return [{"ip_block": {"cidr": f"{address}/32"}} for endpoint in endpoints for address in endpoint.addresses]


def _port(ports: Sequence[EndpointPort]) -> int:
    return ports[0].port or HTTPS_PORT
