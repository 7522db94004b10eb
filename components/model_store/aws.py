"""Model files in S3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi

from components.locked_storage.aws import LockedBucket
from components.locked_storage.spec import bucket_name
from components.locked_storage.statements import NOT_A_SERVICE, Statement, refuse
from components.model_store.flows import model_store_flows
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.model_store.spec import ModelStoreSpec

READ_AND_WRITE = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:RestoreObject",
]
"""What touches content. Looking at the bucket itself is left out: whoever deploys from elsewhere has to see it."""


class AwsModelStore(pulumi.ComponentResource):
    """A locked bucket for model files, which only our own network reads and writes.

    Makes a LockedBucket and refuses every read and write of an object that does not come through an endpoint of the
    network given, but for the roles named as exceptions: the backup service works from Amazon's own network.
    """

    bucket: pulumi.Output[str]
    """Name of the bucket."""
    arn: str
    """Its ARN, known before it exists."""
    data_flows: tuple[DataFlow, ...]
    """Model files in and out."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: ModelStoreSpec,
        *,
        key: pulumi.Input[str],
        vpc_id: pulumi.Input[str],
        exceptions: Sequence[pulumi.Input[str]] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = model_store_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsModelStore", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        arn = f"arn:aws:s3:::{bucket_name(spec.storage)}"
        store = LockedBucket(
            name,
            spec.storage,
            key=key,
            statements=[_refuse_other_networks(arn, vpc_id, exceptions)],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.bucket, self.arn = store.name, store.arn
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})


def _refuse_other_networks(arn: str, vpc_id: pulumi.Input[str], exceptions: Sequence[pulumi.Input[str]]) -> Statement:
    """What comes from the internet names no network at all, and a negated condition holds for what is absent."""
    excepted = {"ArnNotEquals": {"aws:PrincipalArn": list(exceptions)}} if exceptions else {}
    condition = {
        "StringNotEquals": {"aws:SourceVpc": vpc_id},
        "BoolIfExists": {**NOT_A_SERVICE, "aws:ViaAWSService": "false"},
        **excepted,
    }
    return refuse("RefuseOtherNetworks", READ_AND_WRITE, f"{arn}/*", condition)
