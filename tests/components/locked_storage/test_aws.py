from __future__ import annotations

import json

import pytest

from components.locked_storage.aws import LockedBucket
from components.locked_storage.spec import LockedStorageSpec
from falaj.catalog.tags import Stage
from tests.components.conftest import Run
from tests.components.locked_storage.samples import ACCOUNT, KEY, S3_OLD_NAMES, aws, only, protected, tags, untagged

BUCKET = "aws-me-central-1-prod-audit-56170cd0"
ARN = f"arn:aws:s3:::{BUCKET}"
pytestmark = pytest.mark.filterwarnings(S3_OLD_NAMES)


def spec(stage: Stage = Stage.PRODUCTION, kept_days: int | None = 1827) -> LockedStorageSpec:
    return LockedStorageSpec(**aws(stage), role="audit", locked_days=365, kept_days=kept_days, old_versions_days=1827)


def bucket() -> None:
    LockedBucket("audit", spec(), key=KEY)


def test_its_policy_refuses_plain_connections_other_accounts_and_other_keys(run: Run) -> None:
    policy = only(run(bucket), "aws:s3/bucketPolicy:BucketPolicy").inputs["policy"]

    everything, objects = [ARN, f"{ARN}/*"], f"{ARN}/*"
    key, algorithm = "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-server-side-encryption"
    assert json.loads(policy) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefusePlainConnections",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": everything,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "RefuseOldTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": everything,
                "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
            },
            {
                "Sid": "RefuseOtherAccounts",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": everything,
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            },
            {
                "Sid": "RefuseOtherKeys",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": objects,
                "Condition": {"StringNotEquals": {key: KEY}, "Null": {key: "false"}},
            },
            {
                "Sid": "RefuseUnnamedKeys",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": objects,
                "Condition": {"Null": {algorithm: "false", key: "true"}},
            },
        ],
    }


def test_the_key_is_the_buckets_own_and_no_client_brings_another(run: Run) -> None:
    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

    assert only(run(bucket), token).inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
            "bucketKeyEnabled": True,
            "blockedEncryptionTypes": ["SSE-C"],
        }
    ]


@pytest.mark.parametrize(
    ("stage", "mode"),
    [(Stage.PRODUCTION, "COMPLIANCE"), (Stage.RECOVERY, "COMPLIANCE"), (Stage.DEVELOPMENT, "GOVERNANCE")],
)
def test_not_even_root_lifts_the_lock_outside_development(run: Run, stage: Stage, mode: str) -> None:
    plan = run(lambda: LockedBucket("audit", spec(stage), key=KEY))

    lock = only(plan, "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs
    assert lock["rule"] == {"defaultRetention": {"mode": mode, "days": 365}}
    made = only(plan, "aws:s3/bucket:Bucket").inputs
    assert (made["objectLockEnabled"], made["forceDestroy"]) == (True, False)
    versioning = only(plan, "aws:s3/bucketVersioning:BucketVersioning").inputs
    assert versioning["versioningConfiguration"] == {"status": "Enabled"}


def test_it_is_closed_to_the_public_and_has_no_access_lists(run: Run) -> None:
    plan = run(bucket)

    block = only(plan, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    assert {name: block[name] for name in block if name != "bucket"} == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    ownership = only(plan, "aws:s3/bucketOwnershipControls:BucketOwnershipControls").inputs
    assert ownership["rule"] == {"objectOwnership": "BucketOwnerEnforced"}


@pytest.mark.parametrize(("kept_days", "expiration"), [(1827, {"expiration": {"days": 1827}}), (None, {})])
def test_objects_go_by_themselves_when_they_may_and_old_versions_always(
    run: Run, kept_days: int | None, expiration: dict[str, dict[str, int]]
) -> None:
    plan = run(lambda: LockedBucket("audit", spec(kept_days=kept_days), key=KEY))

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    assert only(plan, token).inputs["rules"] == [
        {
            "id": "age",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            "noncurrentVersionExpiration": {"noncurrentDays": 1827},
            **expiration,
        },
        {
            "id": "marks",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"expiredObjectDeleteMarker": True},
        },
    ]


def test_what_needs_another_waits_for_it(run: Run) -> None:
    plan = run(bucket)

    def waits(token: str) -> set[str]:
        return {urn.rpartition("::")[2] for urn in only(plan, token).dependencies}

    assert "audit-versioning" in waits("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert "audit-versioning" in waits("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    assert "audit-public-access" in waits("aws:s3/bucketPolicy:BucketPolicy")


def test_it_is_protected_and_tagged(run: Run) -> None:
    plan = run(bucket)

    assert protected(plan) == {"aws:s3/bucket:Bucket"}
    assert untagged(plan) == []
    assert only(plan, "aws:s3/bucket:Bucket").inputs["tags"] == {**tags("aws-me-central-1-prod"), "Name": BUCKET}
    development = run(lambda: LockedBucket("audit", spec(Stage.DEVELOPMENT), key=KEY))
    assert protected(development) == set()
