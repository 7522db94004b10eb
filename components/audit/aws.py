"""The audit trail of an AWS account: CloudTrail into a locked bucket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from components.audit.flows import audit_flows
from components.audit.spec import audit_archive_name, audit_log_group, trail_arn, trail_name
from components.locked_storage.aws import LockedBucket
from components.locked_storage.statements import Statement
from components.network.retention import log_group_days
from falaj.catalog.data_flows import DataFlow

if TYPE_CHECKING:
    from components.audit.spec import AuditSpec

TRAIL_SERVICE = "cloudtrail.amazonaws.com"
ARCHIVE_EVENTS = ["GetObject", "DeleteObject", "DeleteObjects", "PutObjectRetention", "PutObjectLegalHold"]
"""What is worth knowing of the archive itself. Its writes are left out: each record would be recorded again."""


class AwsAuditTrail(pulumi.ComponentResource):
    """Every call of AWS's interfaces in this region and account, signed, encrypted and locked.

    Makes a LockedBucket that CloudTrail alone may write to, a log group encrypted with the log key, which it fills in
    the role given, and a Trail with validated files: all management events, every object request on the watched
    buckets, every reading of the archive itself. Refuses the removal of a record to everyone.

    The trail is of this region alone unless every region is asked for: a trail of all regions copies its settings, with
    names of buckets and keys, to each of them. The price of one region: changes in IAM are recorded by AWS in
    us-east-1 and stay there for 90 days, unseen by this trail.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html
    """

    bucket: pulumi.Output[str]
    """Name of the archive's bucket."""
    log_group: pulumi.Output[str]
    """Name of the log group in which the trail can be searched."""
    trail_arn: pulumi.Output[str]
    """The trail's ARN."""
    data_flows: tuple[DataFlow, ...]
    """The record, on its way."""
    controls = ()
    """Controls it supports."""

    def __init__(
        self,
        name: str,
        spec: AuditSpec,
        *,
        key: pulumi.Input[str],
        log_key: pulumi.Input[str],
        delivery_role: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self.data_flows = audit_flows(spec)
        flows = [flow.as_input() for flow in self.data_flows]
        super().__init__("falaj:index:AwsAuditTrail", name, {"dataFlows": flows, "controls": list(self.controls)}, opts)
        self._name, self._spec = name, spec
        self._inside = pulumi.ResourceOptions(parent=self)
        archive_arn = f"arn:aws:s3:::{audit_archive_name(spec)}"
        archive = LockedBucket(
            f"{name}-archive",
            spec.storage,
            key=key,
            statements=_let_cloudtrail_write(spec, archive_arn),
            opts=self._inside,
        )
        group = self._make_log_group(log_key)
        trail = self._make_trail(archive, key, group, delivery_role)
        self.bucket, self.log_group, self.trail_arn = archive.name, group.name, trail.arn
        self.register_outputs({"bucket": self.bucket, "logGroup": self.log_group, "trailArn": self.trail_arn})

    def _make_log_group(self, log_key: pulumi.Input[str]) -> aws.cloudwatch.LogGroup:
        spec = self._spec
        return aws.cloudwatch.LogGroup(
            f"{self._name}-search",
            name=audit_log_group(spec),
            kms_key_id=log_key,
            retention_in_days=log_group_days(spec.retention_days),
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected),
        )

    def _make_trail(
        self,
        archive: LockedBucket,
        key: pulumi.Input[str],
        group: aws.cloudwatch.LogGroup,
        delivery_role: pulumi.Input[str],
    ) -> aws.cloudtrail.Trail:
        spec = self._spec
        return aws.cloudtrail.Trail(
            f"{self._name}-trail",
            name=trail_name(spec),
            s3_bucket_name=archive.name,
            kms_key_id=key,
            enable_logging=True,
            enable_log_file_validation=True,
            is_multi_region_trail=spec.every_region,
            include_global_service_events=spec.every_region,
            is_organization_trail=False,
            cloud_watch_logs_group_arn=pulumi.Output.concat(group.arn, ":*"),
            cloud_watch_logs_role_arn=delivery_role,
            advanced_event_selectors=_selectors(archive.arn, spec.watched_buckets),
            tags=spec.placement.tags(),
            opts=pulumi.ResourceOptions(parent=self, protect=spec.placement.protected, depends_on=[archive.policy]),
        )


def _let_cloudtrail_write(spec: AuditSpec, arn: str) -> list[Statement]:
    service = {"Service": TRAIL_SERVICE}
    of_this_trail = {"aws:SourceAccount": spec.account, "aws:SourceArn": trail_arn(spec)}
    return [
        {
            "Sid": "LetTrailLook",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:GetBucketAcl",
            "Resource": arn,
            "Condition": {"StringEquals": of_this_trail},
        },
        {
            "Sid": "LetTrailWrite",
            "Effect": "Allow",
            "Principal": service,
            "Action": "s3:PutObject",
            "Resource": f"{arn}/AWSLogs/{spec.account}/*",
            "Condition": {"StringEquals": {**of_this_trail, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        {
            "Sid": "RefuseRemoval",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"],
            "Resource": f"{arn}/*",
        },
    ]


def _selectors(archive_arn: str, watched: Sequence[str]) -> list[Any]:
    objects = {"field": "resources.type", "equals": ["AWS::S3::Object"]}
    data = {"field": "eventCategory", "equals": ["Data"]}
    selectors = [
        {"name": "management", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]},
        {
            "name": "the archive itself",
            "field_selectors": [
                data,
                objects,
                {"field": "resources.ARN", "starts_withs": [f"{archive_arn}/"]},
                {"field": "eventName", "equals": ARCHIVE_EVENTS},
            ],
        },
    ]
    if watched:
        arns = [f"arn:aws:s3:::{bucket}/" for bucket in watched]
        in_watched = {"field": "resources.ARN", "starts_withs": arns}
        selectors.append({"name": "watched buckets", "field_selectors": [data, objects, in_watched]})
    return selectors
