from __future__ import annotations

from collections.abc import Callable

import pytest

from components.gateway.kubernetes import GatewayPlatform
from components.gateway.load_balancer import LoadBalancerSpec, aws_load_balancer, azure_load_balancer
from components.gateway.spec import GatewayPlatformSpec
from components.zero_trust.edges import ANYONE
from tests.components.conftest import Run


def gateway(front: LoadBalancerSpec) -> Callable[[], None]:
    spec = GatewayPlatformSpec(
        owner="platform",
        region="me-central-1",
        image=f"registry.example.ae/traefik@sha256:{'1' * 64}",
        pull_policy="IfNotPresent",
        load_balancer=front,
    )

    def make() -> None:
        GatewayPlatform("gateway", spec, api_server=ANYONE)

    return make


def test_aws_is_asked_for_an_internal_network_load_balancer_that_says_whose_it_is() -> None:
    assert aws_load_balancer({"owner": "platform", "environment": "prod"}).annotations == {
        "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
        "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
        "service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled": "true",
        "service.beta.kubernetes.io/aws-load-balancer-additional-resource-tags": "environment=prod,owner=platform",
    }


def test_azure_is_asked_for_an_internal_load_balancer_in_its_subnet() -> None:
    assert azure_load_balancer("load-balancers").annotations == {
        "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
        "service.beta.kubernetes.io/azure-load-balancer-internal-subnet": "load-balancers",
    }


@pytest.mark.parametrize(
    ("front", "node_ports", "quota"),
    [(azure_load_balancer("internal"), False, "0"), (aws_load_balancer({"owner": "platform"}), True, "4")],
)
def test_node_ports_are_open_only_where_the_load_balancer_needs_them(
    run: Run, front: LoadBalancerSpec, quota: str, *, node_ports: bool
) -> None:
    plan = run(gateway(front))

    service = plan.of("kubernetes:core/v1:Service", "gateway-service").inputs
    (room,) = plan.typed("kubernetes:core/v1:ResourceQuota")
    assert service["metadata"]["annotations"] == front.annotations
    assert service["spec"]["allocateLoadBalancerNodePorts"] is node_ports
    assert room.inputs["spec"]["hard"]["services.nodeports"] == quota
