"""What runs inside every cluster, wherever it stands: certificate authority, gateway, controls at the door."""

from __future__ import annotations

from dataclasses import dataclass, field

import pulumi

from components.admission.kubernetes import AdmissionControls
from components.admission.spec import AdmissionSpec
from components.gateway.certificates import CertificateAuthority
from components.gateway.kubernetes import GatewayPlatform
from components.gateway.load_balancer import LoadBalancerSpec
from components.gateway.spec import CertificateAuthoritySpec, GatewayPlatformSpec
from components.labels import ROLE
from components.zero_trust.edges import End
from stacks.images import CERT_MANAGER, TRAEFIK, Images, pull_policy


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """What the shared part of a cluster is told."""

    owner: str
    """Team that answers for it."""
    region: str
    """Catalog key of the region."""
    domain: str
    """Domain under which every endpoint answers."""
    replicas: int = 1
    """Gateway pods."""
    load_balancer: LoadBalancerSpec = field(default_factory=LoadBalancerSpec)
    """What stands in front of the gateway."""
    profiles: tuple[str, ...] = ()
    """The profiles it keeps; none means the baseline."""
    development: bool = False
    """Whether it is there for development alone."""
    trusted_namespaces: tuple[str, ...] = ()
    """Namespaces whose pods may have the powers of their node: where drivers of GPUs run."""


def platform(
    settings: PlatformSettings, images: Images, *, api_server: End, inside: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Make the shared part of a cluster and export what tenants build on; `inside` names the cluster."""
    traefik, cert_manager = images.require(TRAEFIK), images.require(CERT_MANAGER)
    authority = CertificateAuthority(
        "certificates",
        CertificateAuthoritySpec(
            owner=settings.owner,
            region=settings.region,
            common_name=f"Falaj {pulumi.get_stack()}",
            image=cert_manager,
            pull_policy=pull_policy(cert_manager),
        ),
        api_server=api_server,
        opts=inside,
    )
    gateway = GatewayPlatform(
        "gateway",
        GatewayPlatformSpec(
            owner=settings.owner,
            region=settings.region,
            image=traefik,
            pull_policy=pull_policy(traefik),
            replicas=settings.replicas,
            load_balancer=settings.load_balancer,
        ),
        api_server=api_server,
        opts=inside,
    )
    door = AdmissionControls("admission", admission_spec(settings, images), opts=inside)
    pulumi.export("region", settings.region)
    pulumi.export("domain", settings.domain)
    pulumi.export("issuer", authority.issuer)
    pulumi.export("certificate_authority", authority.certificate)
    pulumi.export("gateway_class", gateway.gateway_class)
    pulumi.export("gateway_address", gateway.address)
    pulumi.export("gateway_port", gateway.port)
    return [authority, gateway, door]


def admission_spec(settings: PlatformSettings, images: Images) -> AdmissionSpec:
    """Return what is asked of the door: it knows the environment's own registry, whose name may not tell its place."""
    return AdmissionSpec(
        owner=settings.owner,
        profiles=settings.profiles,
        namespace_label=ROLE,
        development=settings.development,
        parameters={"SUP-002": {"registries": images.registries}},
        trusted_namespaces=settings.trusted_namespaces,
    )
