"""A tenant on a Kubernetes that already runs."""

from __future__ import annotations

import pulumi

from components.cluster.local import LocalCluster
from components.cluster.spec import LocalClusterSpec
from stacks.residents import Resident, environment_of, kubeconfig_in_region, reside
from stacks.settings import StackFile


def make(file: StackFile) -> None:
    """Make the tenant and export where its endpoints answer."""
    resident = Resident.of(file)
    environment = environment_of(resident.settings.environment)
    cluster = LocalCluster(
        "cluster",
        LocalClusterSpec(context=file.settings.context, identifier=resident.settings.environment),
        kubeconfig=kubeconfig_in_region(resident, environment, given=file.settings.kubeconfig_path()),
    )
    reside(resident, environment, inside=pulumi.ResourceOptions(provider=cluster.provider))
