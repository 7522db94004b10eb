"""Logs and where they go, for the examples of controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from policies.examples.encryption import KMS_KEY
from policies.examples.linked import linked
from policies.resources import Resource, resource
from policies.values import UNKNOWN

SETTING: Final = "azure-native:monitor:DiagnosticSetting"
WORKSPACE: Final = "azure-native:operationalinsights:Workspace"
TRAIL: Final = "aws:cloudtrail/trail:Trail"
BUCKET: Final = "aws:s3/bucket:Bucket"
ACCOUNT: Final = "azure-native:storage:StorageAccount"
ARCHIVE_NAME: Final = "acme-audit"
ARCHIVE_ID: Final = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/acmeaudit"
WORKSPACE_ID: Final = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/logs"


def archive_bucket(token: str = BUCKET, **properties: object) -> Resource:
    """Make the bucket of the audit log."""
    return resource(token, {"id": UNKNOWN, "bucket": ARCHIVE_NAME} | properties)


def lifecycle(
    *rules: object,
    token: str = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",  # noqa: S107 - a type token
) -> Resource:
    """Make what says when the objects of the archive's bucket are removed."""
    return linked(token, archive_bucket(), "bucket", rules=list(rules))


def archive_account(**properties: object) -> Resource:
    """Make the storage account of the audit log."""
    return resource(ACCOUNT, {"id": UNKNOWN, "accountName": "acmeaudit"} | properties)


def setting_to(archive: Resource, of: Resource | None = None) -> Resource:
    """Make a diagnostic setting that sends logs to an archive as well."""
    made = setting(of or archive, "archived", storageAccountId=UNKNOWN)
    return replace(made, property_dependencies={**made.property_dependencies, "storageAccountId": [archive.urn]})


def azure_lifecycle(*rules: object) -> Resource:
    """Make what says when the blobs of the archive's account are removed."""
    return linked(
        "azure-native:storage:ManagementPolicy", archive_account(), "accountName", policy={"rules": list(rules)}
    )


def aged(days: object, *, age: str = "daysAfterModificationGreaterThan", enabled: object = True) -> dict[str, object]:
    """Describe a rule that removes blobs of an age."""
    return {"enabled": enabled, "definition": {"actions": {"baseBlob": {"delete": {age: days}}}}}


def trail(**properties: object) -> Resource:
    """Make a trail that writes to the bucket of the audit log, signed and under a key of our own."""
    told: dict[str, object] = {"enableLogFileValidation": True, "kmsKeyId": KMS_KEY} | properties
    return resource(TRAIL, told) if "s3BucketName" in told else linked(TRAIL, archive_bucket(), "s3BucketName", **told)


def workspace(**properties: object) -> Resource:
    """Make a workspace in the UAE."""
    return resource(WORKSPACE, {"workspaceName": "logs", "location": "uaenorth"} | properties)


def logs(*categories: object, enabled: object = True) -> list[dict[str, object]]:
    """Describe entries of a diagnostic setting for these categories."""
    return [{"category": each, "enabled": enabled} for each in categories]


def setting(of: Resource, called: str = "example", **properties: object) -> Resource:
    """Make a diagnostic setting that sends all logs of a resource to the workspace of the program."""
    everything = [{"categoryGroup": "allLogs", "enabled": True}]
    return resource(
        SETTING,
        {"resourceUri": UNKNOWN, "workspaceId": UNKNOWN, "logs": everything} | properties,
        urn=f"urn:pulumi:stack::project::{SETTING}::{called}",
        property_dependencies={"resourceUri": [of.urn], "workspaceId": [workspace().urn]},
    )
