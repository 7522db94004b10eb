"""An environment on a Kubernetes that already runs: its certificate authority and its gateway."""

from __future__ import annotations

import pulumi

from components.cluster.local import LocalCluster
from components.cluster.spec import LocalClusterSpec
from stacks.platform import PlatformSettings, platform
from stacks.settings import StackFile


def make(file: StackFile) -> None:
    """Make the environment and export what its tenants build on."""
    home, context, kubeconfig = file.home, file.settings.context, file.settings.kubeconfig_path()
    if kubeconfig is None:
        raise LookupError(f"{file.name} names no kubeconfig, which its settings should have refused")
    cluster = LocalCluster("cluster", LocalClusterSpec(context=context, identifier=file.name), kubeconfig=kubeconfig)
    pulumi.export("kubeconfig", kubeconfig)
    pulumi.export("context", context)
    platform(
        PlatformSettings(owner=home.owner, region=home.region, domain=home.domain),
        file.images,
        api_server=cluster.api_server,
        inside=pulumi.ResourceOptions(provider=cluster.provider),
    )
