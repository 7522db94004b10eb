"""Who may take on the role of a pod: one service account of the environment's own cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.identities.names import arn_here, names_of
from components.identities.policy import Statement, trust

if TYPE_CHECKING:
    from components.cloud_spec import CloudSpec


def trust_pods(spec: CloudSpec, namespace: str, service_account: str) -> Statement:
    """Return the trust in one service account of one cluster, by the tags that EKS Pod Identity sets on the session.

    Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
    """
    cluster = names_of(spec.placement.stack).cluster
    return trust(
        "OneServiceAccountOfTheCluster",
        "pods.eks.amazonaws.com",
        {
            "StringEquals": {
                "aws:SourceAccount": spec.account,
                "aws:RequestTag/eks-cluster-arn": arn_here(spec, "eks", f"cluster/{cluster}"),
                "aws:RequestTag/kubernetes-namespace": namespace,
                "aws:RequestTag/kubernetes-service-account": service_account,
            }
        },
        session_tags=True,
    )
