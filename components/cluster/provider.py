"""How every cluster is deployed to, whoever made it."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as kubernetes


def kubernetes_provider(
    name: str,
    parent: pulumi.Resource,
    *,
    kubeconfig: pulumi.Input[str],
    context: str | None,
    identifier: str,
    after: Sequence[pulumi.Resource] = (),
) -> kubernetes.Provider:
    """Make a provider that applies on the server's side; its fixed identifier lets a new kubeconfig replace nothing."""
    return kubernetes.Provider(
        f"{name}-provider",
        kubeconfig=kubeconfig,
        context=context,
        cluster_identifier=identifier,
        enable_server_side_apply=True,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )
