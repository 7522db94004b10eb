from __future__ import annotations

from typing import Any

from components.network.policies import endpoint_policy
from components.network.spec import NetworkSpec
from falaj.catalog.private_access import Feature
from tests.components.network.networks import ACCOUNT, in_aws


def statements(service: str, spec: NetworkSpec) -> list[dict[str, Any]]:
    policy = endpoint_policy(service, spec)
    assert policy is not None
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def test_an_endpoint_that_may_take_no_policy_gets_none() -> None:
    assert endpoint_policy("eks-auth", in_aws()) is None


def test_an_endpoint_serves_the_accounts_own_identities_only() -> None:
    assert endpoint_policy("kms", in_aws()) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OwnIdentities",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
            }
        ],
    }


def test_objects_go_to_own_buckets_only_and_come_from_the_registrys_too() -> None:
    own, layers = statements("s3", in_aws())

    assert own["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}}
    assert (layers["Action"], layers["Resource"]) == (
        "s3:GetObject",
        "arn:aws:s3:::prod-me-central-1-starport-layer-bucket/*",
    )


def test_without_a_registry_no_foreign_bucket_is_read() -> None:
    (own,) = statements("s3", in_aws(features=[Feature.MODEL_STORE]))

    assert own["Sid"] == "OwnBuckets"
