"""The load balancer in front of the gateway, in the words each cloud reads on a Service. Internal ones only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

AWS = "service.beta.kubernetes.io/aws-load-balancer"
AZURE = "service.beta.kubernetes.io/azure-load-balancer"
NODE_PORTS = 2
"""Ports that a Network Load Balancer reaches on a node: the gateway's, and the one that tells whether it is there."""


class LoadBalancerSpec(BaseModel):
    """What a Service of type LoadBalancer is told. Without annotations a cluster's own answers, as on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    annotations: dict[Annotated[str, Field(pattern=r"^[a-z0-9./-]+$")], str] = Field(
        default_factory=dict, description="Annotations of the Service."
    )
    node_ports: int = Field(default=0, ge=0, le=NODE_PORTS, description="Ports it needs on the nodes.")


def aws_load_balancer(tags: Mapping[str, str]) -> LoadBalancerSpec:
    """Return what asks for an internal Network Load Balancer with these tags, in the subnets marked for it.

    Source: https://cloud-provider-aws.sigs.k8s.io/service_controller/
    """
    return LoadBalancerSpec(
        annotations={
            f"{AWS}-type": "nlb",
            f"{AWS}-internal": "true",
            f"{AWS}-cross-zone-load-balancing-enabled": "true",
            f"{AWS}-additional-resource-tags": ",".join(f"{key}={value}" for key, value in sorted(tags.items())),
        },
        node_ports=NODE_PORTS,
    )


def azure_load_balancer(subnet: str) -> LoadBalancerSpec:
    """Return what asks for an internal load balancer in the subnet of that name.

    Source: https://learn.microsoft.com/azure/aks/internal-lb
    """
    return LoadBalancerSpec(annotations={f"{AZURE}-internal": "true", f"{AZURE}-internal-subnet": subnet})
