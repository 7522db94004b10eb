"""The node's simulated measurements as Kubernetes' custom metrics API, which autoscalers read."""

from __future__ import annotations

import base64

from falaj.localcluster import api
from falaj.localcluster.certificates import Authority
from falaj.localcluster.gpu import parts
from falaj.localcluster.places import Places
from falaj.localcluster.subnets import Subnets

SERVICE = "simulated-custom-metrics"
USER = "falaj:custom-metrics"
"""Who it is when it asks the API server which pods there are; RBAC lets it list them and nothing else."""
DISCOVERY = "/apis/custom.metrics.k8s.io/v1beta2"


def issue(places: Places) -> None:
    """Write its key and certificate, by which the API server knows it and it is known there."""
    authority = Authority(places.keys, "cluster-ca")
    authority.issue(parts.CUSTOM_METRICS_KEYS, USER, dns_names=(f"{SERVICE}.kube-system.svc",))


def values(places: Places) -> dict[str, str]:
    """What the manifest that makes it part of the API server says of it."""
    certificate = Authority(places.keys, "cluster-ca").files.certificate.read_bytes()
    return {
        "custom_metrics": SERVICE,
        "custom_metrics_port": str(parts.CUSTOM_METRICS_PORT),
        "custom_metrics_user": USER,
        "cluster_authority": base64.b64encode(certificate).decode(),
    }


def answers(places: Places, subnets: Subnets) -> bool:
    """Whether the API server hands on what it is asked of it."""
    return api.get(places, subnets, DISCOVERY) is not None
