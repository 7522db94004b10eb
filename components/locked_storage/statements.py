"""Statements of a bucket policy that refuse what no bucket of ours takes. Plain data, known to need no cloud SDK.

A refusal stands above every permission, so these hold for administrators of the account too.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Statement: TypeAlias = Mapping[str, Any]
"""One statement; its values may be outputs."""

POLICY_LANGUAGE = "2012-10-17"
OLDEST_TLS = "1.2"
KEY_HEADER = "s3:x-amz-server-side-encryption-aws-kms-key-id"
ALGORITHM_HEADER = "s3:x-amz-server-side-encryption"
NOT_A_SERVICE = {"aws:PrincipalIsAWSService": "false"}
"""A call of an AWS service in its own name, such as CloudTrail's, carries no account."""


def document(statements: list[Statement]) -> dict[str, Any]:
    """Return a policy document of these statements."""
    return {"Version": POLICY_LANGUAGE, "Statement": statements}


def refuse(sid: str, action: str | list[str], resource: object, condition: Mapping[str, Any]) -> Statement:
    """Return a statement that refuses these actions to everyone where the condition holds."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }


def refusals(arn: str, account: str, key: object) -> list[Statement]:
    """Return what every bucket refuses: plain HTTP and old TLS, other accounts, and other keys than its own."""
    everything = [arn, f"{arn}/*"]
    objects = f"{arn}/*"
    return [
        refuse("RefusePlainConnections", "s3:*", everything, {"Bool": {"aws:SecureTransport": "false"}}),
        refuse("RefuseOldTls", "s3:*", everything, {"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}}),
        refuse(
            "RefuseOtherAccounts",
            "s3:*",
            everything,
            {"StringNotEquals": {"aws:PrincipalAccount": account}, "BoolIfExists": NOT_A_SERVICE},
        ),
        refuse(
            "RefuseOtherKeys",
            "s3:PutObject",
            objects,
            {"StringNotEquals": {KEY_HEADER: key}, "Null": {KEY_HEADER: "false"}},
        ),
        # A write that asks for encryption and names no key would get Amazon's own key instead of the bucket's.
        refuse(
            "RefuseUnnamedKeys",
            "s3:PutObject",
            objects,
            {"Null": {ALGORITHM_HEADER: "false", KEY_HEADER: "true"}},
        ),
    ]
