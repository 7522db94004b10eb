"""An environment: one cluster, its certificate authority and its gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.cluster.local import LocalCluster
from components.cluster.spec import LocalClusterSpec
from components.gateway.certificates import CertificateAuthority
from components.gateway.kubernetes import GatewayPlatform
from components.gateway.spec import CertificateAuthoritySpec, GatewayPlatformSpec
from stacks.images import pull_policy
from stacks.rules import CERT_MANAGER, TRAEFIK

if TYPE_CHECKING:
    from stacks.images import Images
    from stacks.settings import EnvironmentSettings


def environment(settings: EnvironmentSettings, images: Images, *, kubeconfig: str, context: str | None) -> None:
    """Make the environment and export what its tenants build on."""
    name = pulumi.get_stack()
    traefik, cert_manager = images.require(TRAEFIK), images.require(CERT_MANAGER)
    cluster = LocalCluster("cluster", LocalClusterSpec(context=context, identifier=name), kubeconfig=kubeconfig)
    inside = pulumi.ResourceOptions(provider=cluster.provider)

    authority = CertificateAuthority(
        "certificates",
        CertificateAuthoritySpec(
            owner=settings.owner,
            region=settings.region,
            common_name=f"Falaj {name}",
            image=cert_manager,
            pull_policy=pull_policy(cert_manager),
        ),
        api_server=cluster.api_server,
        opts=inside,
    )
    gateway = GatewayPlatform(
        "gateway",
        GatewayPlatformSpec(
            owner=settings.owner, region=settings.region, image=traefik, pull_policy=pull_policy(traefik)
        ),
        api_server=cluster.api_server,
        opts=inside,
    )

    pulumi.export("kubeconfig", kubeconfig)
    pulumi.export("context", context)
    pulumi.export("region", settings.region)
    pulumi.export("domain", settings.domain)
    pulumi.export("issuer", authority.issuer)
    pulumi.export("certificate_authority", authority.certificate)
    pulumi.export("gateway_class", gateway.gateway_class)
    pulumi.export("gateway_address", gateway.address)
    pulumi.export("gateway_port", gateway.port)
