"""An AWS account, pinned to one region."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from falaj.catalog.data_flows import Channel, DataClass, DataFlow, Encryption

if TYPE_CHECKING:
    from components.account.spec import AwsAccountSpec

SIGN_IN_REGION = "us-east-1"
"""Where the control plane of IAM runs for every region of the partition; catalog of global services, `iam`."""


class AwsAccount(pulumi.ComponentResource):
    """The provider through which everything of an environment is made: one region, one account.

    Makes an AWS provider that refuses credentials of another account, signs in at the region's own STS and asks no
    metadata service for credentials.

    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
    """

    provider: aws.Provider
    """Makes resources in this account and region."""
    data_flows: tuple[DataFlow, ...]
    """Calls of the cloud's management interfaces."""
    controls = ()
    """Controls it supports."""

    def __init__(self, name: str, spec: AwsAccountSpec, *, opts: pulumi.ResourceOptions | None = None) -> None:
        self.data_flows = _flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsAccount", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        region = spec.placement.region
        self.provider = aws.Provider(
            f"{name}-provider",
            region=region,
            sts_region=region,
            allowed_account_ids=[spec.account],
            skip_metadata_api_check=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"account": spec.account, "region": region})


def _flows(spec: AwsAccountSpec) -> tuple[DataFlow, ...]:
    flow = partial(
        DataFlow,
        source="platform-team",
        data_class=DataClass.OPERATIONAL,
        encryption=Encryption.TLS,
        port=443,
    )
    return (
        flow(
            sink="aws/management",
            region=spec.placement.region,
            channel=Channel.CONTROL,
            purpose="creates and changes the environment",
        ),
        flow(
            sink="aws/iam",
            region=SIGN_IN_REGION,
            global_service="aws-iam",
            channel=Channel.IDENTITY,
            purpose="names of roles and their policies; IAM has one control plane for all regions",
        ),
    )
