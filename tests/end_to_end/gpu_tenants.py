"""The stack program of the GPU tier's proof: an enterprise on CPU and GPU, a small business on CPU, one environment.

Stack files know no GPUs of a local cluster; so the components are put together here as stacks/ puts them together for
the tenants of a cloud.
"""

from __future__ import annotations

from typing import Any

import pulumi

from components.cluster.local import LocalCluster
from components.cluster.spec import LocalClusterSpec
from components.gateway.spec import TenantGatewaySpec
from components.gateway.tenant import TenantGateway
from components.model_endpoint.kubernetes import ModelEndpoint
from components.model_endpoint.routing import RoutingSpec, RuleSpec, SideCost
from components.model_endpoint.spec import GpuPoolFacts, ModelEndpointSpec, RouterSpec
from components.serving.governance import GovernanceSpec
from components.serving.kubernetes import OnnxRuntimeServer
from components.serving.spec import OnnxRuntimeServerSpec
from components.serving.triton_spec import WHOLE, GpuRequest, TritonServerSpec
from components.zero_trust.kubernetes import WalledNamespace
from components.zero_trust.spec import NamespaceSpec
from falaj.catalog.data_flows import DataClass
from falaj.catalog.model_annotations import MODEL_REGISTER
from falaj.catalog.tiers import Disruption, Resources, tiers

REGION, FAMILY, ENDPOINT = "local", "h100-80gb", "iris"
BANK, SHOP = "bank", "shop"
"""The tenants, each with a stack of its name."""
ROUTING = RoutingSpec(
    cpu=SideCost(cost_per_hour=0.2),
    gpu=SideCost(cost_per_hour=1.2),
    rules=(RuleSpec(name="one-row", send="cpu", rows_at_most=1), RuleSpec(name="batches", send="gpu", rows_at_least=2)),
    recovery_seconds=2,
)
"""By rows, so that a test knows beforehand which side a request belongs to."""
ONE_AT_A_TIME = Disruption(max_unavailable=1)

config = pulumi.Config()
environment = pulumi.StackReference("local", stack_name=f"{pulumi.get_organization()}/{pulumi.get_project()}/local")


class Room:
    """A tenant's walls and door, and what all its servers say alike."""

    def __init__(self, tenant: str, tier: str, owner: str, *, gpus: int, inside: pulumi.ResourceOptions) -> None:
        self.inside = inside
        facts = tiers()[tier]
        walls = NamespaceSpec(
            name=f"tenant-{tenant}",
            owner=owner,
            role="tenant",
            tenant=tenant,
            tier=tier,
            quota=facts.quota,
            gpus={WHOLE: gpus},
            default_resources=facts.resources,
        )
        self.namespace = WalledNamespace(tenant, walls, opts=inside).namespace
        self._door = TenantGateway(
            f"{tenant}-door",
            TenantGatewaySpec(tenant=tenant, tier=tier, owner=owner),
            namespace=self.namespace,
            domain=environment.require_output("domain"),
            issuer=environment.require_output("issuer"),
            gateway_class=environment.require_output("gateway_class"),
            opts=inside,
        )
        self.server: dict[str, Any] = {
            "tenant": tenant,
            "namespace": f"tenant-{tenant}",
            "tier": tier,
            "owner": owner,
            "region": REGION,
            "data_class": DataClass.PUBLIC,
            "pull_policy": "Never",
            "model": config.require("model"),
            "model_pull_policy": "Never",
            "resources": facts.resources,
            "spread": facts.spread,
            "disruption": facts.disruption,
            "governance": GovernanceSpec.model_validate(config.require_object("governance")),
        }

    def register(self, *names: str) -> list[dict[str, Any]]:
        """What the register of models says of its servers."""
        said, server = self.server["governance"], self.server
        return [said.entry(name=name, owner=server["owner"], model=server["model"], residency="AE") for name in names]

    @property
    def way(self) -> dict[str, pulumi.Output[str]]:
        """Where its endpoints stand."""
        return {"namespace": self.namespace, "gateway": self._door.gateway, "host_suffix": self._door.host_suffix}


def enterprise(room: Room) -> pulumi.Output[str]:
    """Make one model on both sides; its quota holds one GPU more than it asks for, as an update does."""
    onnxruntime, behind = config.require("onnxruntime"), {"behind": ENDPOINT, "replicas": 1}
    server = room.server | {"disruption": ONE_AT_A_TIME} | behind
    triton = TritonServerSpec(**server, endpoint=f"{ENDPOINT}-gpu", image=config.require("triton"), variant="local-cpu")
    spec = ModelEndpointSpec(
        endpoint=ENDPOINT,
        cpu=OnnxRuntimeServerSpec(**server, endpoint=f"{ENDPOINT}-cpu", image=onnxruntime),
        gpu=triton,
        router=RouterSpec(
            image=onnxruntime,
            pull_policy="Never",
            resources=Resources(cpu_request="100m", cpu_limit="1", memory_request="128Mi", memory_limit="256Mi"),
        ),
        routing=ROUTING,
        gpu_pools=(GpuPoolFacts(name="gpu", family=FAMILY, resources=(WHOLE,)),),
    )
    # The spec gives the local variant no GPU, as it computes on none; here it holds a simulated one.
    held = triton.model_copy(update={"gpu": GpuRequest(family=FAMILY)})
    return ModelEndpoint("bank-iris", spec.model_copy(update={"gpu": held}), **room.way, opts=room.inside).host


def small_business(room: Room) -> pulumi.Output[str]:
    """Make one model on CPU."""
    spec = OnnxRuntimeServerSpec(**room.server, endpoint=ENDPOINT, image=config.require("onnxruntime"), replicas=1)
    return OnnxRuntimeServer("shop-iris", spec, **room.way, opts=room.inside).host


def main() -> None:
    """Make the tenant that the stack is named after, and export where it answers."""
    cluster = LocalCluster("cluster", LocalClusterSpec(identifier="local"), kubeconfig=config.require("kubeconfig"))
    inside = pulumi.ResourceOptions(provider=cluster.provider)
    if pulumi.get_stack() == BANK:
        room = Room(BANK, "enterprise", "risk", gpus=2, inside=inside)
        host, servers = enterprise(room), [ENDPOINT, f"{ENDPOINT}-cpu", f"{ENDPOINT}-gpu"]
    else:
        room = Room(SHOP, "smb", "retail", gpus=0, inside=inside)
        host, servers = small_business(room), [ENDPOINT]
    address = {each: environment.require_output(f"gateway_{each}") for each in ("address", "port")}
    pulumi.export("endpoints", {ENDPOINT: {"host": host, **address}})
    pulumi.export("certificate_authority", environment.require_output("certificate_authority"))
    pulumi.export(MODEL_REGISTER, room.register(*servers))


main()
