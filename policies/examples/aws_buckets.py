"""Builders for the examples of controls: buckets with what says how they are encrypted, and who writes to them."""

from __future__ import annotations

from typing import Any, Final

from policies.resources import Resource, resource
from policies.values import UNKNOWN

BUCKET: Final = "aws:s3/bucket:Bucket"
CONFIGURATION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
BUCKET_NAME: Final = "acme-models"


def encrypted_by(key: object) -> dict[str, Any]:
    """Describe a default encryption with a KMS key."""
    return {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}


def bucket(of_type: str = BUCKET, **properties: object) -> Resource:
    """Make a bucket that AWS has not made yet."""
    return resource(of_type, {"bucket": BUCKET_NAME, "id": UNKNOWN} | properties)


def configuration(
    default: object,
    *,
    name: object = BUCKET_NAME,
    of_type: str = CONFIGURATION,
    made_from: Resource | None = None,
) -> Resource:
    """Make a configuration with one default encryption, for a bucket of that name or one that the program made."""
    return resource(
        of_type,
        {"bucket": name, "rules": [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]},
        property_dependencies={"bucket": [made_from.urn]} if made_from else None,
    )


def balancer(
    kind: object = None, *, name: str = "example", made_from: Resource | None = None, **logs: object
) -> Resource:
    """Make a load balancer that writes logs, perhaps to a bucket that the program made."""
    return resource(
        BALANCER,
        {"loadBalancerType": kind} | logs,
        urn=f"urn:pulumi:stack::project::{BALANCER}::{name}",
        property_dependencies={log: [made_from.urn] for log in logs} if made_from else None,
    )
