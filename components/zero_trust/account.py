"""An account for a controller that needs the Kubernetes API: its own, with no more rights than listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as kubernetes

from components.manifests import Manifest

Rule = tuple[str, Sequence[str], Sequence[str]]
"""API group, resources, verbs."""


def controller_account(
    name: str,
    cluster_name: str,
    rules: Sequence[Rule],
    *,
    metadata: Manifest,
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> kubernetes.core.v1.ServiceAccount:
    """Make a ServiceAccount, the ClusterRole ``cluster_name`` of exactly these rules, and the binding of both.

    Its token is mounted nowhere unless a pod asks for it.
    """
    account = kubernetes.core.v1.ServiceAccount(
        f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=opts
    )
    role = kubernetes.rbac.v1.ClusterRole(
        f"{name}-role",
        metadata={"name": cluster_name, "labels": labels},
        rules=[
            {"api_groups": [group], "resources": list(resources), "verbs": list(verbs)}
            for group, resources, verbs in rules
        ],
        opts=opts,
    )
    kubernetes.rbac.v1.ClusterRoleBinding(
        f"{name}-binding",
        metadata={"name": cluster_name, "labels": labels},
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role.metadata.name},
        subjects=[{"kind": "ServiceAccount", "name": account.metadata.name, "namespace": account.metadata.namespace}],
        opts=opts,
    )
    return account
