from __future__ import annotations

import json
from typing import Any

import pytest

from components.model_store.aws import AwsModelStore
from components.model_store.spec import ModelStoreSpec, model_store_name
from tests.components.conftest import Run
from tests.components.locked_storage.samples import ACCOUNT, KEY, S3_OLD_NAMES, aws, only, protected, untagged
from tests.fakes.golden import assert_golden

BACKUP = f"arn:aws:iam::{ACCOUNT}:role/aws-me-central-1-prod-backup"
SPEC = ModelStoreSpec(**aws(), immutable_days=30)
ARN = f"arn:aws:s3:::{model_store_name(SPEC)}"
pytestmark = pytest.mark.filterwarnings(S3_OLD_NAMES)


def store() -> None:
    AwsModelStore("models", SPEC, key=KEY, vpc_id="vpc-0a1b2c3d", exceptions=[BACKUP])


def refusal_of_other_networks(run: Run, *exceptions: str) -> dict[str, Any]:
    plan = run(lambda: AwsModelStore("models", SPEC, key=KEY, vpc_id="vpc-0a1b2c3d", exceptions=exceptions))
    policy = json.loads(only(plan, "aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])
    assert [each["Sid"] for each in policy["Statement"]] == [
        "RefusePlainConnections",
        "RefuseOldTls",
        "RefuseOtherAccounts",
        "RefuseOtherKeys",
        "RefuseUnnamedKeys",
        "RefuseOtherNetworks",
    ]
    statement: dict[str, Any] = policy["Statement"][-1]
    return statement


@pytest.mark.parametrize("preview", [False, True])
def test_equals_its_snapshot(run: Run, *, preview: bool) -> None:
    assert_golden(f"aws_model_store{'_preview' if preview else ''}", run(store, preview=preview))


def test_only_our_network_and_the_backup_role_touch_a_model(run: Run) -> None:
    assert refusal_of_other_networks(run, BACKUP) == {
        "Sid": "RefuseOtherNetworks",
        "Effect": "Deny",
        "Principal": "*",
        "Action": [
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:RestoreObject",
        ],
        "Resource": f"{ARN}/*",
        "Condition": {
            "StringNotEquals": {"aws:SourceVpc": "vpc-0a1b2c3d"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"},
            "ArnNotEquals": {"aws:PrincipalArn": [BACKUP]},
        },
    }


def test_without_an_exception_there_is_none(run: Run) -> None:
    assert sorted(refusal_of_other_networks(run)["Condition"]) == ["BoolIfExists", "StringNotEquals"]


def test_models_never_go_by_themselves(run: Run) -> None:
    plan = run(store)

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    aging, marks = only(plan, token).inputs["rules"]
    assert "expiration" not in aging
    assert aging["noncurrentVersionExpiration"] == {"noncurrentDays": 365}
    assert marks["expiration"] == {"expiredObjectDeleteMarker": True}


def test_it_is_protected_and_tagged(run: Run) -> None:
    plan = run(store)

    assert protected(plan) == {"aws:s3/bucket:Bucket"}
    assert untagged(plan) == []
