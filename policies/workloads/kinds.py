"""Type tokens of the Kubernetes kinds, other than workloads, that controls judge."""

from __future__ import annotations

from typing import Final

NAMESPACE: Final = "kubernetes:core/v1:Namespace"
NETWORK_POLICY: Final = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
SERVICES: Final = ("kubernetes:core/v1:Service", "kubernetes:core/v1:ServicePatch")
INGRESSES: Final = ("kubernetes:networking.k8s.io/v1:Ingress", "kubernetes:networking.k8s.io/v1:IngressPatch")
LISTENERS: Final = (
    "kubernetes:gateway.networking.k8s.io/v1:Gateway",
    "kubernetes:gateway.networking.k8s.io/v1beta1:Gateway",
    "kubernetes:gateway.networking.k8s.io/v1:ListenerSet",
)
"""Custom resources, whose token is made of apiVersion and kind."""
COMPONENTS: Final = "falaj:index:*"
"""Every component of the project."""
GATEWAY_COMPONENT: Final = "falaj:index:GatewayPlatform"
"""The one component that publishes the platform."""
