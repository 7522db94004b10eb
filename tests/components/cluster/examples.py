"""Specifications of clusters and pools that are whole, for tests to build on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from pulumi.runtime.proto import resource_pb2

from components.cluster.spec import AksSpec, EksSpec
from components.network.spec import Egress
from components.node_pools.spec import NodeOs, NodePoolSpec
from components.placement import Placement
from falaj.catalog.data_flows import DataClass
from falaj.catalog.tags import Stage
from tests.fakes.monitor import Plan, StrictMonitor

ACCOUNT = "111122223333"
ADMINISTRATORS = f"arn:aws:iam::{ACCOUNT}:role/platform-administrators"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
DIRECTORY = "00000000-0000-4000-8000-00000000000a"
GROUP = "00000000-0000-4000-8000-00000000000b"
TAGS = {
    "owner": "platform",
    "environment": "prod",
    "cost-centre": "cc-1001",
    "data-classification": "financial",
    "data-residency": "AE",
    "tenant": "shared",
    "personal-data": "yes",
}


@dataclass(frozen=True)
class Identity:
    """An identity as the identities of an environment give it."""

    id: str
    principal_id: str
    client_id: str


CONTROL_PLANE = Identity(
    f"/subscriptions/{SUBSCRIPTION}/control-plane", "principal-control-plane", "client-control-plane"
)
KUBELET = Identity(f"/subscriptions/{SUBSCRIPTION}/nodes", "principal-nodes", "client-nodes")


def placement(region: str, stage: Stage = Stage.PRODUCTION) -> Placement:
    provider = "aws" if region == "me-central-1" else "azure"
    return Placement(
        stack=f"{provider}-{region}-{stage}",
        region=region,
        stage=stage,
        owner="platform",
        cost_centre="cc-1001",
        data_class=DataClass.FINANCIAL,
    )


def eks_spec(*, stage: Stage = Stage.PRODUCTION, **changes: Any) -> EksSpec:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "placement": placement("me-central-1", stage),
        "account": ACCOUNT,
        "kubernetes_version": "1.35",
        "administrators": (ADMINISTRATORS,),
        "service_cidr": "172.20.0.0/16",
        "log_retention_days": 1827,
    }
    return EksSpec.model_validate({**fields, **changes})


def aws_pool(**changes: Any) -> NodePoolSpec:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "placement": placement("me-central-1"),
        "pool": "cpu",
        "role": "cpu",
        "kubernetes_version": "1.35",
        "os": NodeOs.AMAZON_LINUX_2023,
        "sizes": ("m7i.2xlarge", "m6i.2xlarge"),
        "minimum": 3,
        "maximum": 12,
        "zones": ("mec1-az1", "mec1-az2", "mec1-az3"),
        "disk_gib": 100,
    }
    return NodePoolSpec.model_validate({**fields, **changes})


def azure_pool(**changes: Any) -> NodePoolSpec:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "placement": placement("uaenorth"),
        "pool": "cpu",
        "role": "cpu",
        "kubernetes_version": "1.34",
        "os": NodeOs.AZURE_LINUX_3,
        "sizes": ("Standard_D8s_v5",),
        "minimum": 3,
        "maximum": 12,
        "zones": ("1", "2", "3"),
        "disk_gib": 128,
    }
    return NodePoolSpec.model_validate({**fields, **changes})


def aks_spec(*, stage: Stage = Stage.PRODUCTION, **changes: Any) -> AksSpec:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "placement": placement("uaenorth", stage),
        "account": SUBSCRIPTION,
        "tenant_id": DIRECTORY,
        "kubernetes_version": "1.34",
        "administrators": (GROUP,),
        "service_cidr": "172.20.0.0/16",
        "egress": Egress.FIREWALL,
        "first_pool": azure_pool(pool="system", role="system", sizes=("Standard_D4s_v5",), maximum=6),
    }
    return AksSpec.model_validate({**fields, **changes})


def own_part(plan: Plan) -> Plan:
    """The plan without the aliases by which azure-native's SDK follows the versions of Azure's interfaces."""
    for each in plan.resources.values():
        each.aliases = tuple(alias for alias in each.aliases if not alias.startswith("azure-native:"))
    return plan


def record_ignored(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """Record, from now on, the input paths that the engine is told to leave alone, by logical name."""
    found: dict[str, tuple[str, ...]] = {}
    register = StrictMonitor.RegisterResource

    def recording(
        monitor: StrictMonitor, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        found[request.name] = tuple(request.ignoreChanges)
        return register(monitor, request)

    monkeypatch.setattr(StrictMonitor, "RegisterResource", recording)
    return found
