"""Builders for the examples of controls: stores of data on both clouds, and what says how they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from policies.examples.kubernetes import without_none
from policies.examples.pools import urn
from policies.resources import Resource, resource
from policies.values import UNKNOWN

BUCKET: Final = "aws:s3/bucket:Bucket"
BUCKET_V2: Final = "aws:s3/bucketV2:BucketV2"
VERSIONING: Final = "aws:s3/bucketVersioning:BucketVersioning"
TABLE: Final = "aws:dynamodb/table:Table"
DATABASE: Final = "aws:rds/instance:Instance"
DATABASE_CLUSTER: Final = "aws:rds/cluster:Cluster"
ACCOUNT: Final = "azure-native:storage:StorageAccount"
BLOBS: Final = "azure-native:storage:BlobServiceProperties"
COSMOS: Final = "azure-native:cosmosdb:DatabaseAccount"


def bucket(token: str = BUCKET, **properties: object) -> Resource:
    """Make a bucket whose name is known."""
    return resource(token, without_none({"bucket": "acme-models"} | properties), protected=True)


def versioning(
    status: object = "Enabled", *, bucket: object = UNKNOWN, made_from: Sequence[Resource] = (), token: str = VERSIONING
) -> Resource:
    """Make what says whether a bucket keeps versions."""
    return resource(
        token,
        {"bucket": bucket, "versioningConfiguration": {"status": status}},
        property_dependencies={"bucket": [each.urn for each in made_from]},
    )


def account(label: str = "example", **properties: object) -> Resource:
    """Make a storage account."""
    made: dict[str, Any] = {"accountName": "acmemodels", "kind": "StorageV2", "location": "uaenorth"}
    return resource(ACCOUNT, without_none(made | properties), urn=urn(ACCOUNT, label), protected=True)


def blobs(*, account: object = UNKNOWN, made_from: Sequence[Resource] = (), **properties: object) -> Resource:
    """Make what says how a storage account keeps its blobs."""
    kept: dict[str, Any] = {
        "accountName": account,
        "blobServicesName": "default",
        "isVersioningEnabled": True,
        "deleteRetentionPolicy": {"enabled": True, "days": 7},
        "containerDeleteRetentionPolicy": {"enabled": True, "days": 7},
    }
    return resource(
        BLOBS,
        without_none(kept | properties),
        urn=urn(BLOBS, "blobs"),
        property_dependencies={"accountName": [each.urn for each in made_from]},
    )
