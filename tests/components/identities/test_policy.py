from __future__ import annotations

import json

import pytest

from components.identities.policy import allow, allow_in_region, allow_principal, document, trust


def test_a_document_is_json_in_the_newest_version_of_the_language() -> None:
    written = document([allow("Read", ["s3:GetObject"], ["arn:aws:s3:::models/*"])])

    assert json.loads(written) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::models/*"]}
        ],
    }


@pytest.mark.parametrize("action", ["*", "s3:*", "s3:Get*"])
def test_an_action_with_a_wildcard_is_refused(action: str) -> None:
    with pytest.raises(ValueError, match=r"^Read: .* has a wildcard, allowed: actions named one by one$"):
        allow("Read", ["s3:GetObject", action], ["arn:aws:s3:::models/*"])
    with pytest.raises(ValueError, match="has a wildcard"):
        allow_principal("Read", {"AWS": "arn:aws:iam::123456789012:role/a"}, [action])


def test_what_works_on_no_single_resource_is_bound_to_the_region() -> None:
    assert allow_in_region("See", ["ec2:DescribeInstances"], "me-central-1") == {
        "Sid": "See",
        "Effect": "Allow",
        "Action": ["ec2:DescribeInstances"],
        "Resource": ["*"],
        "Condition": {"StringEquals": {"aws:RequestedRegion": "me-central-1"}},
    }


def test_only_a_role_of_pods_takes_session_tags() -> None:
    assert trust("Machines", "ec2.amazonaws.com", None)["Action"] == ["sts:AssumeRole"]
    assert trust("Pods", "pods.eks.amazonaws.com", None, session_tags=True)["Action"] == [
        "sts:AssumeRole",
        "sts:TagSession",
    ]
