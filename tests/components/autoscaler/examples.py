"""An autoscaler that is whole, for tests to build on."""

from __future__ import annotations

from typing import Any

from components.autoscaler.aws import EksAutoscalerIdentity
from components.autoscaler.kubernetes import ClusterAutoscaler
from components.autoscaler.spec import AutoscalerIdentitySpec, ClusterAutoscalerSpec
from components.zero_trust.edges import End
from tests.components.cluster.examples import ACCOUNT, placement

CLUSTER = "aws-me-central-1-prod"
HOST = f"{ACCOUNT}.dkr.ecr.me-central-1.amazonaws.com"
IMAGE = f"{HOST}/{CLUSTER}/upstream.example/autoscaling/cluster-autoscaler@sha256:{'a' * 64}"
API_SERVER = End(peers=[{"ip_block": {"cidr": "10.20.216.0/28"}}], port=443)
ENDPOINTS = ("10.20.192.0/22", "10.20.196.0/22")


def autoscaler(**fields: Any) -> ClusterAutoscalerSpec:  # noqa: ANN401 - what the model takes
    """What is asked of it, with these words instead."""
    asked: dict[str, Any] = {
        "owner": "platform",
        "region": "me-central-1",
        "cluster": CLUSTER,
        "kubernetes": "1.36",
        "image": IMAGE,
        "in_order": True,
    }
    return ClusterAutoscalerSpec(**asked | fields)


def identity() -> EksAutoscalerIdentity:
    """Make its identity."""
    place = placement("me-central-1").model_copy(update={"processing_record": "ropa-2026-014"})
    return EksAutoscalerIdentity(
        "autoscaler",
        AutoscalerIdentitySpec(placement=place, account=ACCOUNT),
        cluster_name=CLUSTER,
    )


def make(**fields: Any) -> None:  # noqa: ANN401 - what the model takes
    """Make it with its identity."""
    ClusterAutoscaler(
        "cluster-autoscaler",
        autoscaler(**fields),
        api_server=API_SERVER,
        private_endpoints=ENDPOINTS,
        identity=identity().association,
    )
