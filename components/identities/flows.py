"""What moves where identities are defined and used."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.identities.spec import IdentitiesSpec

IAM_REGION = "us-east-1"
"""Where the control plane of IAM runs for every region of the partition; catalog of global services, `aws-iam`."""
DIRECTORY_REGION = "global"
"""Entra ID keeps a directory where its owner chose, which is no region; catalog of global services, `azure-entra`."""


def aws_identity_flows(spec: IdentitiesSpec) -> tuple[DataFlow, ...]:
    """Return what roles move: their definitions to IAM, and credentials from the region's own token service."""
    flow = partial(
        DataFlow, data_class=DataClass.OPERATIONAL, channel=Channel.IDENTITY, port=443, encryption=Encryption.TLS
    )
    return (
        flow(
            source="platform-team",
            sink="aws/iam",
            region=IAM_REGION,
            global_service="aws-iam",
            purpose="names, trust and permissions of roles; IAM has one control plane for all regions",
        ),
        flow(
            source="nodes",
            sink="aws/sts",
            region=spec.placement.region,
            purpose="credentials for an hour, made from the machine's or the pod's role",
        ),
        flow(
            source="pods",
            sink="aws/eks-auth",
            region=spec.placement.region,
            purpose="a service account's token, exchanged for credentials of its role",
        ),
    )


def azure_identity_flows(spec: IdentitiesSpec) -> tuple[DataFlow, ...]:
    """Return what identities move: their definitions, and tokens issued for them."""
    flow = partial(
        DataFlow, data_class=DataClass.OPERATIONAL, channel=Channel.IDENTITY, port=443, encryption=Encryption.TLS
    )
    return (
        flow(
            source="platform-team",
            sink="azure/managed-identity",
            region=spec.placement.region,
            purpose="names of identities",
        ),
        flow(
            source="nodes",
            sink="azure/entra-id",
            region=DIRECTORY_REGION,
            global_service="azure-entra",
            purpose="tokens of the identities; names and ids, no content of requests",
        ),
    )
