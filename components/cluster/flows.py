"""What a cluster's control plane moves, told from the cluster's side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from components.gateway.names import API_SERVER_END
from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.cluster.spec import AksSpec, EksSpec

HTTPS_PORT = 443
KUBELET_PORT = 10250
DIRECTORY_REGION = "global"
"""Where Entra ID keeps a tenant is the tenant's own choice and not a region; catalog of global services, `entra-id`."""


def control_plane_flows(region: str, service: str) -> tuple[DataFlow, ...]:
    """Return what the control plane of either cloud moves; `service` is what the cloud calls it."""
    flow = partial(DataFlow, region=region, encryption=Encryption.TLS, data_class=DataClass.OPERATIONAL)
    return (
        flow(
            source="administrators",
            sink=API_SERVER_END,
            channel=Channel.CONTROL,
            port=HTTPS_PORT,
            purpose="objects of the platform and of its tenants, from inside the network only",
        ),
        flow(
            source=API_SERVER_END,
            sink="nodes",
            channel=Channel.CONTROL,
            port=KUBELET_PORT,
            purpose="logs, measurements and commands of pods, fetched for who may ask",
        ),
        flow(
            source=API_SERVER_END,
            sink="keys",
            channel=Channel.CONTROL,
            port=HTTPS_PORT,
            key="cluster_secrets",
            purpose="wraps and unwraps the keys under which Secrets lie in etcd",
        ),
        flow(
            source=API_SERVER_END,
            sink="logs",
            channel=Channel.LOG,
            key="logs",
            purpose="who asked what of the API server, and what its controllers decided",
        ),
        flow(
            source=API_SERVER_END,
            sink=service,
            channel=Channel.TELEMETRY,
            purpose="health and load of the control plane, which the cloud runs",
        ),
    )


def eks_flows(spec: EksSpec) -> tuple[DataFlow, ...]:
    """Return the flows of an EKS cluster."""
    region = spec.placement.region
    flow = partial(DataFlow, region=region, encryption=Encryption.TLS, port=HTTPS_PORT)
    return (
        *control_plane_flows(region, "aws/eks"),
        flow(
            source="administrators",
            sink="aws/sts",
            data_class=DataClass.OPERATIONAL,
            channel=Channel.IDENTITY,
            purpose="signs in a role for the API server, at the region's own endpoint",
        ),
        flow(
            source="pods",
            sink="aws/eks-auth",
            data_class=DataClass.OPERATIONAL,
            channel=Channel.IDENTITY,
            purpose="exchanges a service account's token for the credentials of its role",
        ),
        flow(
            source=API_SERVER_END,
            sink="aws/oidc-issuer",
            data_class=DataClass.PUBLIC,
            channel=Channel.IDENTITY,
            purpose="publishes the keys by which tokens of service accounts are verified",
        ),
        flow(
            source="nodes",
            sink="aws/eks-add-ons",
            data_class=DataClass.PUBLIC,
            channel=Channel.IMAGE_PULL,
            purpose="images of the add-ons, from the registry EKS keeps in the region",
        ),
    )


def aks_flows(spec: AksSpec) -> tuple[DataFlow, ...]:
    """Return the flows of an AKS cluster."""
    region, flow = spec.placement.region, partial(DataFlow, encryption=Encryption.TLS, port=HTTPS_PORT)
    return (
        *control_plane_flows(region, "azure/aks"),
        flow(
            source="administrators",
            sink="azure/entra-id",
            data_class=DataClass.OPERATIONAL,
            region=DIRECTORY_REGION,
            global_service="azure-entra",
            channel=Channel.IDENTITY,
            purpose="signs in a user or workload for the API server; no content of requests",
        ),
        flow(
            source=API_SERVER_END,
            sink="azure/entra-id",
            data_class=DataClass.OPERATIONAL,
            region=DIRECTORY_REGION,
            global_service="azure-entra",
            channel=Channel.IDENTITY,
            purpose="keys that verify tokens, groups of users, and whether a role allows a call",
        ),
        flow(
            source=API_SERVER_END,
            sink="azure/oidc-issuer",
            data_class=DataClass.PUBLIC,
            region=region,
            channel=Channel.IDENTITY,
            purpose="publishes the keys by which tokens of service accounts are verified",
        ),
        flow(
            source="nodes",
            sink="registry",
            data_class=DataClass.PUBLIC,
            region=region,
            channel=Channel.IMAGE_PULL,
            purpose="what a node and the add-ons start from, cached in the platform's own registry",
        ),
    )
