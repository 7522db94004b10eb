from __future__ import annotations

import json

import pytest

from components.audit.aws import AwsAuditTrail
from components.audit.spec import AuditSpec, trail_arn
from tests.components.conftest import Run
from tests.components.locked_storage.samples import (
    ACCOUNT,
    KEY,
    LOG_KEY,
    S3_OLD_NAMES,
    aws,
    only,
    protected,
    tags,
    untagged,
)
from tests.fakes.golden import assert_golden

ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-me-central-1-prod-audit"
ARCHIVE = "arn:aws:s3:::aws-me-central-1-prod-audit-56170cd0"
TRAIL = f"arn:aws:cloudtrail:me-central-1:{ACCOUNT}:trail/aws-me-central-1-prod-audit"
MODELS = "aws-me-central-1-prod-models-ab0fb4e4"
pytestmark = pytest.mark.filterwarnings(S3_OLD_NAMES)


def spec(*, watched: tuple[str, ...] = (MODELS,), every_region: bool = False) -> AuditSpec:
    return AuditSpec(
        **aws(), retention_days=1827, immutable_days=365, watched_buckets=watched, every_region=every_region
    )


def trail() -> None:
    AwsAuditTrail("audit", spec(), key=KEY, log_key=LOG_KEY, delivery_role=ROLE)


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    assert_golden(f"aws_audit_trail{'_preview' if preview else ''}", run(trail, preview=preview))


def test_cloudtrail_alone_writes_and_nobody_removes(run: Run) -> None:
    policy = json.loads(only(run(trail), "aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])

    assert trail_arn(spec()) == TRAIL
    assert policy["Statement"][5:] == [
        {
            "Sid": "LetTrailLook",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:GetBucketAcl",
            "Resource": ARCHIVE,
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": TRAIL}},
        },
        {
            "Sid": "LetTrailWrite",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{ARCHIVE}/AWSLogs/{ACCOUNT}/*",
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": ACCOUNT,
                    "aws:SourceArn": TRAIL,
                    "s3:x-amz-acl": "bucket-owner-full-control",
                }
            },
        },
        {
            "Sid": "RefuseRemoval",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"],
            "Resource": f"{ARCHIVE}/*",
        },
    ]


def test_the_trail_is_signed_encrypted_and_of_this_region(run: Run) -> None:
    made = only(run(trail), "aws:cloudtrail/trail:Trail")

    expected = {
        "name": "aws-me-central-1-prod-audit",
        "s3BucketName": "aws-me-central-1-prod-audit-56170cd0",
        "kmsKeyId": KEY,
        "enableLogging": True,
        "enableLogFileValidation": True,
        "isMultiRegionTrail": False,
        "includeGlobalServiceEvents": False,
        "isOrganizationTrail": False,
        "cloudWatchLogsRoleArn": ROLE,
        "tags": tags("aws-me-central-1-prod"),
    }
    assert {name: made.inputs[name] for name in expected} == expected
    assert made.inputs["cloudWatchLogsGroupArn"].endswith(":log-group:/falaj/aws-me-central-1-prod/audit:*")
    assert "audit-archive-policy" in {urn.rpartition("::")[2] for urn in made.dependencies}


def test_it_records_all_management_and_every_touch_of_a_model(run: Run) -> None:
    selectors = only(run(trail), "aws:cloudtrail/trail:Trail").inputs["advancedEventSelectors"]

    data = {"field": "eventCategory", "equals": ["Data"]}
    objects = {"field": "resources.type", "equals": ["AWS::S3::Object"]}
    assert selectors == [
        {"name": "management", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]},
        {
            "name": "the archive itself",
            "fieldSelectors": [
                data,
                objects,
                {"field": "resources.ARN", "startsWiths": [f"{ARCHIVE}/"]},
                {
                    "field": "eventName",
                    "equals": [
                        "GetObject",
                        "DeleteObject",
                        "DeleteObjects",
                        "PutObjectRetention",
                        "PutObjectLegalHold",
                    ],
                },
            ],
        },
        {
            "name": "watched buckets",
            "fieldSelectors": [
                data,
                objects,
                {"field": "resources.ARN", "startsWiths": [f"arn:aws:s3:::{MODELS}/"]},
            ],
        },
    ]


def test_without_watched_buckets_there_is_no_selector_for_them(run: Run) -> None:
    plan = run(lambda: AwsAuditTrail("audit", spec(watched=()), key=KEY, log_key=LOG_KEY, delivery_role=ROLE))

    selectors = only(plan, "aws:cloudtrail/trail:Trail").inputs["advancedEventSelectors"]
    assert [each["name"] for each in selectors] == ["management", "the archive itself"]


def test_every_region_is_recorded_where_it_is_asked_for(run: Run) -> None:
    plan = run(lambda: AwsAuditTrail("audit", spec(every_region=True), key=KEY, log_key=LOG_KEY, delivery_role=ROLE))

    made = only(plan, "aws:cloudtrail/trail:Trail").inputs
    assert (made["isMultiRegionTrail"], made["includeGlobalServiceEvents"]) == (True, True)


def test_the_log_group_has_the_log_key_and_is_kept_as_long(run: Run) -> None:
    assert only(run(trail), "aws:cloudwatch/logGroup:LogGroup").inputs == {
        "name": "/falaj/aws-me-central-1-prod/audit",
        "kmsKeyId": LOG_KEY,
        "retentionInDays": 1827,
        "tags": tags("aws-me-central-1-prod"),
    }


def test_everything_stateful_is_protected_and_everything_tagged(run: Run) -> None:
    plan = run(trail)

    assert protected(plan) == {
        "aws:s3/bucket:Bucket",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:cloudtrail/trail:Trail",
    }
    assert untagged(plan) == []
